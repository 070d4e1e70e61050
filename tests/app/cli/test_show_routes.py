"""The routes view in print, from a home without a gateway."""

import json
from pathlib import Path

import pytest

from app.cli.main import main
from gatewatch.paths import Home
from tests.kit.journals import a_call, segment, whole

FILE = """
providers: {openai: {dialect: openai-chat, base_url: "https://openai.example/v1", api_key: none}}
models: {chat: {targets: [openai/gpt-4o, openai/gpt-4o-mini]}}
"""
WINDOW = ("--since", "2026-11-20T10:00:00Z", "--until", "2026-11-20T11:00:00Z")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Home:
    made = Home(tmp_path / "home").make()
    monkeypatch.setenv("GATEWATCH_HOME", str(made.root))
    made.config.write_text(FILE)
    segment(made, *[whole(a_call(n, route="chat", team="a" if n else "b")) for n in range(4)])
    assert main(["teams", "create", "search"]) == 0
    assert main(["routes", "canary", "chat", "--to", "openai/gpt-5", "--share", "1%"]) == 0
    capsys.readouterr()
    return made


@pytest.mark.usefixtures("home")
def test_each_target_has_a_row_with_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "routes", *WINDOW, "-o", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["target"], row["tries"], row["answered"], row["share"], row["breaker"]) for row in rows] == [
        ("openai/gpt-4o", 4, 4, 1.0, None),
        ("openai/gpt-4o-mini", 0, 0, None, None), ("openai/gpt-5", 0, 0, None, None),
    ]  # fmt: skip
    assert [each["id"] for each in rows[2]["overrides"]] == ["canary:chat"]


@pytest.mark.usefixtures("home")
def test_people_get_a_table_and_may_filter(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "routes", *WINDOW, "--where", "team=a", "--limit", "1"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split()[:6] == ["route", "target", "state", "tries", "failed", "p50_ms"]
    assert len(header) < 160
    assert "100.0%" in row
    assert main(["show", "routes", *WINDOW]) == 0
    assert "canary 1%" in capsys.readouterr().out


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("options", [("--by", "team"), ("--step", "1m"), ("--limit", "0"), ("--where", "colour=red")])
def test_what_does_not_fit_is_refused(options: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "routes", *options]) == 2
    assert capsys.readouterr().out == ""
