"""Metrics have no key: on this machine alone, or for scrapers with a certificate of ours."""

from pathlib import Path

import pytest

from gatewatch.config.loading import load
from gatewatch.config.problems import ConfigError
from tests.kit.certificates import certificate


def wrong(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "gatewatch.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        load(file, {})
    except ConfigError as error:
        return [".".join(map(str, problem.path)) for problem in error.problems]
    return []


@pytest.mark.parametrize("address", ["127.0.0.1:9464", "'[::1]:9464'", "localhost:0"])
def test_this_machine_may_be_listened_on(tmp_path: Path, address: str) -> None:
    assert not wrong(tmp_path, f"metrics: {{listen: {address}}}\n")


@pytest.mark.parametrize("address", ["0.0.0.0:9464", "'[::]:9464'", "10.1.2.3:9464", "gateway.example.com:9464"])
def test_no_other_without_certificates(tmp_path: Path, address: str) -> None:
    assert wrong(tmp_path, f"metrics: {{listen: {address}}}\n") == ["metrics.listen"]
    chain, key = certificate(tmp_path, "localhost")
    tls = f"{{cert: {chain}, key: {key}, client_ca: {chain}}}"
    assert not wrong(tmp_path, f"metrics: {{listen: {address}, tls: {tls}}}\n")


def test_whose_certificates_are_good_must_be_said(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path, "localhost")
    text = f"metrics: {{listen: 0.0.0.0:9464, tls: {{cert: {chain}, key: {key}}}}}\n"
    assert wrong(tmp_path, text) == ["metrics.tls.client_ca"]


def test_files_must_be_there_and_ports_free_of_apps(tmp_path: Path) -> None:
    assert wrong(tmp_path, "metrics: {listen: 127.0.0.1:4000}\n") == ["metrics.listen"]
    text = "metrics: {listen: 0.0.0.0:9464, tls: {cert: /no/c, key: /no/k, client_ca: /no/a}}\n"
    assert wrong(tmp_path, text) == ["metrics.tls.cert", "metrics.tls.key", "metrics.tls.client_ca"]
