"""`gatewatch providers list` where providers have several keys, in quarantine or not."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.cli.main import main
from gatewatch.control.key_hold import KeyHold
from gatewatch.control.provider_quarantine import ProviderQuarantine
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home

CONFIG = """
providers:
  openai:
    preset: openai
    api_keys:
      - {name: main, key: env:A_TEST_KEY, weight: 3}
      - {name: search, key: env:NO_SUCH_KEY, teams: [search], models: [bot]}
  one: {preset: openai, api_key: env:A_TEST_KEY}
models: {bot: {targets: [openai/gpt-4o-mini]}}
teams: {search: {}}
"""
HOLD = KeyHold(
    provider="openai", key_id="main", model="gpt-4o", version="v", kind="refused", reason="403", since=1, until=2
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path))
    monkeypatch.setenv("A_TEST_KEY", "sk-canary-of-the-provider")
    (tmp_path / "gatewatch.yaml").write_text(CONFIG)
    return Home(tmp_path)


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    assert main(["providers", "list", "-o", "json"]) == 0
    said = capsys.readouterr().out
    assert "canary" not in said
    return {row["name"]: row for row in json.loads(said)}


@pytest.mark.usefixtures("home")
def test_each_key_is_told_with_where_it_is_whom_it_is_for_and_whether_it_is_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = listed(capsys)
    main_key, search = rows["openai"]["keys"]
    assert main_key == {
        "name": "main", "reference": "env:A_TEST_KEY", "state": "set", "set_at": None, "weight": 3, "teams": None,
        "models": None, "in_flight": None, "headroom": None, "quarantine": [],
    }  # fmt: skip
    assert (search["teams"], search["models"]) == (["search"], ["bot"])
    assert "is not set" in search["state"]
    assert (rows["openai"]["api_key"], rows["openai"]["key"]) == (None, None)


@pytest.mark.usefixtures("home")
def test_a_provider_with_one_key_is_told_as_ever(capsys: pytest.CaptureFixture[str]) -> None:
    one = listed(capsys)["one"]
    assert (one["api_key"], one["key"], one["set_at"]) == ("env:A_TEST_KEY", "set", None)
    assert [key["name"] for key in one["keys"]] == ["env:A_TEST_KEY"]


def test_quarantine_stands_beside_the_key_also_for_people(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with ControlStore.open(home.make().control) as store:
        ProviderQuarantine(store).put(HOLD)
    (held,) = listed(capsys)["openai"]["keys"][0]["quarantine"]
    assert (held["kind"], held["model"]) == ("refused", "gpt-4o")
    assert main(["providers", "list"]) == 0
    out = capsys.readouterr().out
    assert "main refused for gpt-4o" in out
    assert "main set, search the environment variable" in out
