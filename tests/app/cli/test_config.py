import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.main import main
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home

FILE = """
providers:
  openai: {preset: openai, api_key: env:A_TEST_KEY}
  local: {preset: ollama}
models: {bot: {targets: [openai/gpt-4o-mini]}}
teams: {search: {models: [bot]}}
"""
SECRET = "sk-proj-4f9a8b7c6d5e4f3a2b1c0d"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("A_TEST_KEY", SECRET)
    path = tmp_path / "gatewatch.yaml"
    path.write_text(FILE)
    return path


def test_a_good_file_is_ok_and_what_is_not_enforced_goes_to_stderr(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "check", "--config", str(file)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"ok: {file} (2 providers, version ")
    told = "not enforced yet: give the models to its keys (keys create --models)"
    assert err == f"warning: {file}:6: teams.search.models: {told}\n"


def test_a_budget_for_nobody_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path / "home").make()
    with ControlStore.open(home.control) as store:
        store.create_team("search")
    home.config.write_text("budgets:\n  a: {scope: team/serch, usd: 5}\n  b: {scope: team/search, usd: 5}\n")
    assert main(["config", "check", "--home", str(home.root)]) == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if "budgets" in line]
    assert warnings == [f"warning: {home.config}:2: budgets.a.scope: found no team 'serch'; did you mean search?"]


def test_a_check_leaves_no_trace(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("providers: {openai: {preset: openai, api_key: vault:openai}}")
    assert main(["config", "check", "--config", str(file)]) == 1
    assert not (tmp_path / "home").exists()
    assert f"{file}:1: providers.openai.api_key: " in capsys.readouterr().err


def test_a_broken_file_names_every_line_and_fails(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("lisen: x\nworkers: 0\n")
    assert main(["config", "check", "--config", str(file)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"{file}:1: lisen: found an unknown key; did you mean listen?",
        f"{file}:2: workers: found '0'; allowed: greater than or equal to 1",
    ]


def test_a_missing_key_fails_with_its_line(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("A_TEST_KEY")
    assert main(["config", "check", "--config", str(file)]) == 1
    assert (
        f"{file}:3: providers.openai.api_key: the environment variable 'A_TEST_KEY' is not set"
        in capsys.readouterr().err
    )


def test_a_key_in_a_file_is_read_and_not_shown(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "key"
    key.write_text(SECRET + "\n")
    key.chmod(0o600)
    file.write_text(f"providers: {{openai: {{preset: openai, api_key: 'file:{key}'}}}}")
    assert main(["config", "check", "--config", str(file), "-o", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["keys"] == [{"provider": "openai", "api_key": f"file:{key}", "found": True}]
    assert SECRET not in out + err
    key.unlink()
    assert main(["config", "check", "--config", str(file)]) == 1


@pytest.mark.parametrize("text", [FILE, "lisen: x", f"providers: {{a: {{preset: openai, api_key: {SECRET}}}}}"])
def test_json_says_the_same_and_stdout_is_data_only(file: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(text)
    code = main(["config", "check", "--config", str(file), "-o", "json"])
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert report["ok"] is (code == 0)
    assert bool(report["problems"]) is (code == 1)
    assert set(report) == {"ok", "file", "version", "problems", "warnings", "keys"}
    assert SECRET not in out + err


def test_a_file_that_does_not_exist_fails(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check", "--config", str(file.with_name("absent.yaml"))]) == 1
    assert "no such file" in capsys.readouterr().err


def test_the_homes_file_is_the_default(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check"]) == 0
    assert "no file" in capsys.readouterr().out
    home = tmp_path / "other"
    home.mkdir()
    (home / "gatewatch.yaml").write_text("nonsense: 1")
    assert main(["config", "check", "--home", str(home)]) == 1


def test_what_is_shown_can_be_used_as_the_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--config", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "api_key: env:A_TEST_KEY" in shown
    assert "base_url: https://api.openai.com/v1" in shown
    assert "dialect: openai-responses" in shown
    assert SECRET not in shown
    file.write_text(shown)
    assert main(["config", "show", "--config", str(file)]) == 0
    assert capsys.readouterr().out == shown


def test_shown_as_json_it_has_its_version(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--config", str(file), "-o", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["file"], len(shown["version"])) == (str(file), 12)
    assert shown["deadlines"]["total"] == "10m"


def test_a_broken_file_is_not_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("lisen: x")
    assert main(["config", "show", "--config", str(file)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{file}:1: lisen" in err


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "schema"]) == 0
    assert "listen" in json.loads(capsys.readouterr().out)["properties"]


def test_an_action_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["config"])
    assert stopped.value.code == 2
    capsys.readouterr()


def test_help_is_quick_it_reads_no_yaml_and_checks_nothing() -> None:
    code = (
        "import sys, contextlib, io\n"
        "from app.cli.main import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main(['config', '--help'])\n"
        "sys.exit(bool({'pydantic', 'ruamel.yaml', 'duckdb', 'textual'} & set(sys.modules)))\n"
    )
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", code], cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=True)


def test_a_vault_without_the_key_says_how_to_put_it_there(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from gatewatch.control.store import ControlStore
    from gatewatch.paths import Home
    from gatewatch.vault.opening import Wish, open_vault

    home = Home(tmp_path / "home").make()
    with ControlStore.open(home.control) as store:
        vault = open_vault(home, store, Wish(kind="file"))
        vault.set("openai", SECRET)
    file.write_text("providers: {openai: {preset: openai, api_key: vault:openai}}")
    assert main(["config", "check", "--config", str(file)]) == 0
    file.write_text("providers: {openai: {preset: openai, api_key: vault:other}}")
    assert main(["config", "check", "--config", str(file)]) == 1
    out, err = capsys.readouterr()
    assert "the vault has no key named 'other' – put it there with `gatewatch providers set-key NAME`" in err
    assert SECRET not in out + err
