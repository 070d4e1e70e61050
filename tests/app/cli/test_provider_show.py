import json
from pathlib import Path

import pytest

from app.cli.main import main


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XAI_API_KEY", raising=False)
    return tmp_path


def test_what_is_known_stands_with_its_source_and_day(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["providers", "show", "xai", "-o", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["privacy"]["retention_days"]["value"] == 30
    assert facts["privacy"]["retention_days"]["source"].startswith("https://docs.x.ai/")
    assert facts["privacy"]["retention_days"]["date"] == "2026-11-21"
    assert [each["dialect"] for each in facts["endpoints"]] == ["openai-responses", "openai-chat"]
    assert main(["providers", "show", "xai"]) == 0
    shown = capsys.readouterr().out
    assert "https://docs.x.ai/docs/faq/security (2026-11-21)" in shown


def test_what_the_configuration_states_stands_in_its_place(nowhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = nowhere / "g.yaml"
    file.write_text(
        "providers:\n"
        "  ours: {preset: openai, api_key: none, privacy: {zero_retention: contract}, quirks: {refuses: [user]}}\n"
        "  own: {dialect: openai-chat, base_url: https://x.example/v1, api_key: none}\n"
    )
    assert main(["providers", "show", "ours", "--config", str(file), "-o", "json"]) == 0
    ours = json.loads(capsys.readouterr().out)
    assert ours["privacy"]["zero_retention"] == {
        "value": "contract",
        "source": "the configuration",
        "date": "",
        "note": "",
    }
    assert ours["quirks"]["refuses"] == ["user"]
    assert main(["providers", "show", "own", "--config", str(file), "-o", "json"]) == 0
    own = json.loads(capsys.readouterr().out)
    assert (own["title"], own["privacy"]["trains"]["value"]) == (None, "unknown")


@pytest.mark.parametrize("preset", ["openai", "openrouter", "vertex", "azure", "ollama", "tokenmix"])
def test_every_kind_of_provider_can_be_shown(preset: str, capsys: pytest.CaptureFixture[str]) -> None:
    for output in ("table", "json", "csv"):
        assert main(["providers", "show", preset, "-o", output]) == 0
        assert preset in capsys.readouterr().out


def test_a_name_that_nobody_knows_is_not_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["providers", "show", "opnai"]) == 3
    assert "did you mean openai?" in capsys.readouterr().err
