"""What workers inherit from the control process, seen in /proc of a real gateway."""

from pathlib import Path

import pytest

from proxy.control.worker_environment import variables_with_secrets, without
from tests.kit.running import gateway

CANARY = "canary-of-the-environment-4f1c9a7e2b8d6350"
CONFIG = """\
vault: file
providers:
  openai: {preset: openai, api_key: "env:A_PROVIDERS_KEY"}
"""


def test_every_variable_that_the_configuration_refers_to_is_found() -> None:
    tree = {
        "providers": {"a": {"api_key": "env:ONE", "keys": [{"secret": "env:TWO"}]}, "b": {"api_key": "vault:THREE"}},
        "stores": {"limits": "env:FOUR"},
        "teams": {"env:x y": {}},
        "workers": 2,
    }
    assert variables_with_secrets(tree) == {"ONE", "TWO", "FOUR"}


def test_the_rest_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONE", CANARY)
    monkeypatch.setenv("ONE_MORE", "stays")
    left = without(frozenset({"ONE", "NOT_SET"}))
    assert "ONE" not in left
    assert left["ONE_MORE"] == "stays"


async def test_no_worker_has_a_providers_key_in_its_environment_nor_leaves_a_core_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_PROVIDERS_KEY", CANARY)
    monkeypatch.setenv("ANYTHING_ELSE", "stays")
    with gateway(tmp_path, CONFIG, "--workers", "2") as running:
        ready = running.running.ready
        assert CANARY.encode() in Path(f"/proc/{ready['pid']}/environ").read_bytes(), "where the operator put it"
        for pid in ready["workers"]:
            environ = Path(f"/proc/{pid}/environ").read_bytes()
            assert b"ANYTHING_ELSE=stays" in environ
            assert CANARY.encode() not in environ
        for pid in (ready["pid"], *ready["workers"]):
            (line,) = (line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if "core file" in line)
            assert line.split()[4:6] == ["0", "0"]
