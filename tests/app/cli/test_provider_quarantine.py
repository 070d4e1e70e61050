"""`gatewatch providers quarantined` and `lift` as they are typed, without a gateway that runs."""

import json
from pathlib import Path

import msgspec
import pytest

from app.cli.main import main
from gatewatch.control.key_hold import KeyHold
from gatewatch.control.provider_quarantine import ProviderQuarantine
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home

HOLD = KeyHold(provider="openai", key_id="main", version="v", kind="refused", reason="401", since=1, until=2)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


@pytest.fixture
def held(home: Home) -> Home:
    with ControlStore.open(home.make().control, actor="gateway") as store:
        for id in ("main", "backup"):
            ProviderQuarantine(store).put(msgspec.structs.replace(HOLD, key_id=id))
    return home


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> list[str]:
    assert main(["providers", *argv, "-o", "json"]) == 0
    return [each["key_id"] for each in json.loads(capsys.readouterr().out)]


@pytest.mark.usefixtures("held")
def test_one_key_or_all_of_a_provider_are_lifted(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "quarantined") == ["backup", "main"]
    assert said(capsys, "lift", "openai", "main") == ["main"]
    assert said(capsys, "quarantined", "openai") == ["backup"]
    assert said(capsys, "lift", "openai") == ["backup"]
    assert said(capsys, "quarantined") == []


@pytest.mark.usefixtures("held")
def test_what_is_not_in_quarantine_is_not_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["providers", "lift", "openai", "mian"]) == 3
    assert "the key 'mian' of 'openai' is not in quarantine" in capsys.readouterr().err


def test_where_there_is_no_gateway_nothing_is_held_and_nothing_is_made(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "quarantined") == []
    assert main(["providers", "lift", "openai"]) == 3
    assert not home.root.exists()


@pytest.mark.usefixtures("held")
def test_the_table_says_which_why_and_until_when(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["providers", "quarantined"]) == 0
    first = capsys.readouterr().out.splitlines()[0].split()
    assert first == ["provider", "key_id", "model", "kind", "reason", "since", "until", "failures"]
