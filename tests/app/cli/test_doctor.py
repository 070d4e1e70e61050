"""`gatewatch doctor`: findings for people and for scripts, and 1 where something is broken."""

import json
from pathlib import Path

import pytest

from app.cli.main import main


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "home"


def test_what_is_only_missing_is_no_failure(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--home", str(home), "-o", "json"]) == 0
    findings = json.loads(capsys.readouterr().out)
    assert {finding["state"] for finding in findings} == {"ok", "missing", "unused"}
    assert set(findings[0]) == {"state", "area", "what", "next_step"}


def test_what_is_broken_is_a_failure_and_says_how_to_mend_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.mkdir(mode=0o755)
    assert main(["doctor", "--home", str(home)]) == 1
    assert f"chmod 700 {home}" in capsys.readouterr().out


def test_a_configuration_beside_the_home_is_looked_at(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = home.parent / "other.yaml"
    config.write_text("listn: 127.0.0.1:4000\n")
    assert main(["doctor", "--home", str(home), "--config", str(config)]) == 1
    assert str(config) in capsys.readouterr().out
