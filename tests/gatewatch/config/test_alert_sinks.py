"""Webhooks in the configuration: references alone, named hosts alone, signed unless Slack takes them."""

from pathlib import Path

import pytest

from gatewatch.config.loading import load
from gatewatch.config.problems import ConfigError

GOOD = "alert_sinks:\n  ops: {url: vault:ops-url, secret: env:SIGNING, allow_hosts: [alerts.example.com]}\n"


def problems(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "gatewatch.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        load(file, {})
    except ConfigError as error:
        return [".".join(map(str, problem.path)) for problem in error.problems]
    return []


def test_a_webhook_is_taken_with_what_it_leaves_out(tmp_path: Path) -> None:
    file = tmp_path / "gatewatch.yaml"
    file.write_text(GOOD, encoding="utf-8")
    sink = load(file, {}).config.alert_sinks["ops"]
    assert (sink.shape, sink.severity, sink.give_up, sink.allow_private) == ("generic", "info", 900_000_000, False)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("ops: {url: vault:u, allow_hosts: [a.example.com]}", "alert_sinks.ops.secret"),
        ("ops: {url: none, secret: env:S, allow_hosts: [a.example.com]}", "alert_sinks.ops.url"),
        ("ops: {url: env:U, secret: none, allow_hosts: [a.example.com]}", "alert_sinks.ops.secret"),
        ("log: {url: env:U, secret: env:S, allow_hosts: [a.example.com]}", "alert_sinks.log"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, line: str, wrong: str) -> None:
    assert problems(tmp_path, f"alert_sinks:\n  {line}\n") == [wrong]


def test_slack_needs_no_secret_to_sign_with(tmp_path: Path) -> None:
    assert not problems(tmp_path, "alert_sinks:\n  s: {url: env:U, shape: slack, allow_hosts: [hooks.slack.com]}\n")


@pytest.mark.parametrize(
    "url", ["https://hooks.slack.com/services/T0/B0/abcdefghijklmnop", "hooks.slack.com", "http://10.0.0.1/x"]
)
def test_an_address_itself_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    file = tmp_path / "gatewatch.yaml"
    file.write_text(GOOD.replace("vault:ops-url", url), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(file, {})
    assert url not in str(refused.value)
    assert "abcdefghijklmnop" not in str(refused.value)
    assert "alert_sinks.ops.url" in str(refused.value)
