"""`gatewatch providers vault`: what it is, another one, and what one that is written from outside has to be given."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.main import main
from gatewatch.control.operators import Operators
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.opening import kind_of, open_vault

CANARY = "sk-proj-canary0123456789abcdef0123456789"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GATEWATCH_VAULT", "file")
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return Home(tmp_path / "home")


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `gatewatch providers …`: exit code, stdout, stderr."""

    def providers(*argv: str, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main(["providers", *argv])
        said = capsys.readouterr()
        assert CANARY not in said.out + said.err
        return code, said.out, said.err

    return providers


def test_it_shows_names_and_the_reason_in_every_format(run: Run, home: Home) -> None:
    run("set-key", "openai", stdin=CANARY.encode())
    told = json.loads(run("vault", "-o", "json")[1])
    assert (told["backend"], told["keys"]) == ("file", ["openai"])
    assert told["reason"] in run("vault")[1]
    assert "openai" in run("vault", "-o", "csv")[1]


def test_secrets_are_written_for_systemd_with_the_commands_that_take_them_there(
    run: Run, home: Home, tmp_path: Path
) -> None:
    run("set-key", "openai", stdin=CANARY.encode())
    folder = tmp_path / "made"
    code, out, err = run("vault", "--secrets-to", str(folder), "--vault", "systemd", "-o", "json")
    assert code == 0
    names = {"gatewatch-openai", "gatewatch.pepper", "gatewatch.audit-key"}
    assert set(json.loads(out)["files"]) == names == {path.name for path in folder.iterdir()}
    assert (folder / "gatewatch-openai").read_text() == CANARY
    assert "systemd-creds encrypt --name=" in err
    assert "LoadCredentialEncrypted=gatewatch.pepper:" in err
    assert f"delete {folder}" in err
    with ControlStore.open(home.control) as store:
        (entry,) = (entry for entry in store.audit_entries() if entry.action == "vault.write_out")
    assert CANARY not in str(entry)
    assert entry.target == "systemd"


def test_before_there_is_a_home_new_secrets_are_made_and_no_home(run: Run, home: Home, tmp_path: Path) -> None:
    code, out, err = run("vault", "--secrets-to", str(tmp_path / "made"), "--vault", "env", "-o", "json")
    assert (code, json.loads(out)["files"]) == (0, ["gatewatch.env"])
    assert "--env-file" in err
    assert (tmp_path / "made" / "gatewatch.env").read_text().startswith("GATEWATCH_OWN_PEPPER=")
    assert not home.root.exists()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--abandon"], "--abandon needs --use"),
        (["--secrets-to", "x"], "for which kind of vault?"),
        (["--secrets-to", "x", "--use", "env"], "are two steps"),
        (["--secrets-to", "x", "--vault", "file"], "is written by Gatewatch itself"),
        (["--use", "null"], "'null' is no kind of vault"),
        (["--use", CANARY], "characters that look like a secret"),
    ],
)
def test_what_does_not_go_together_is_refused_and_nothing_is_written(
    run: Run, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run("vault", *argv)
    assert (code, out) == (2, "")
    assert said in err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "argv", [["--use", "keyring"], ["--use", "file", "--abandon", "--yes"], ["--secrets-to", "made"]]
)
def test_only_who_may_change_the_vault_does_and_the_try_is_noted(
    run: Run, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    run("set-key", "openai", stdin=CANARY.encode())
    monkeypatch.setattr(Operators, "owner", lambda _: "somebody else")
    with ControlStore.open(home.control) as store, store.change():
        store.connection.execute("INSERT INTO operators (name, role, set_at, set_by) VALUES ('*', 'admin', 0, 'x')")
    monkeypatch.chdir(tmp_path)
    code, out, err = run("vault", *argv, *(["--vault", "systemd"] if "--secrets-to" in argv else []))
    assert (code, out) == (4, "")
    assert "vault.change" in err
    assert not (tmp_path / "made").exists()
    with ControlStore.open(home.control) as store:
        assert kind_of(store) == "file"
        assert open_vault(home, store).get("openai") == CANARY
        assert store.audit_entries()[0].result == "denied"
