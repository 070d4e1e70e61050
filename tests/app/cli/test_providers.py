"""Providers and their keys at the command line."""

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.cli.main import main
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.opening import open_vault

CANARY = "sk-proj-canary0123456789abcdef0123456789"
Run = Callable[..., tuple[int, str, str]]

CONFIG = """
providers:
  openai: {preset: openai, api_key: vault:openai}
  second: {preset: openai, api_key: vault:second}
  claude: {preset: anthropic, api_key: env:SOME_MISSING_VARIABLE}
  local: {dialect: openai-chat, base_url: http://127.0.0.1:8000/v1, api_key: none, allow_private: true}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GATEWATCH_VAULT", "file")
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SOME_MISSING_VARIABLE", raising=False)
    return Home(tmp_path / "home")


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `gatewatch providers …` with `stdin` piped in: exit code, stdout, stderr."""

    def providers(*argv: str, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main(["providers", *argv])
        said = capsys.readouterr()
        assert CANARY not in said.out + said.err
        return code, said.out, said.err

    return providers


def kept(home: Home, name: str) -> str | None:
    with ControlStore.open(home.control) as store:
        return open_vault(home, store).get(name)


def test_a_key_from_stdin_is_kept_and_its_version_rises(run: Run, home: Home) -> None:
    code, out, err = run("set-key", "openai", "-o", "json", stdin=f"  {CANARY}\r\n".encode())
    assert (code, json.loads(out)) == (0, {"name": "openai", "version": 1, "vault": "file"})
    assert "api_key: vault:openai" in err
    assert kept(home, "openai") == CANARY
    _, out, _ = run("set-key", "openai", "-o", "json", stdin=b"another-key")
    assert json.loads(out)["version"] == 2
    assert kept(home, "openai") == "another-key"


def test_a_key_from_a_file_is_kept_and_an_open_file_is_remarked_on(run: Run, home: Home, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(CANARY + "\n")
    file.chmod(0o600)
    code, _, err = run("set-key", "openai", "--from-file", str(file))
    assert code == 0
    assert "Other users" not in err
    assert kept(home, "openai") == CANARY
    file.chmod(0o644)
    assert "Other users" in run("set-key", "openai", "--from-file", str(file))[2]


def test_a_key_of_several_lines_is_kept_whole(run: Run, home: Home) -> None:
    account = json.dumps({"type": "service_account", "private_key": "-----BEGIN…\n"}, indent=2)
    assert run("set-key", "vertex", stdin=account.encode())[0] == 0
    assert kept(home, "vertex") == account


@pytest.mark.parametrize("stdin", [b"", b" \n", b"\xff\xfe", b"x" * 70_000, b"\x1b[200~" + CANARY.encode(), b"a\x00b"])
def test_what_cannot_be_a_key_is_refused(run: Run, home: Home, stdin: bytes) -> None:
    code, out, _ = run("set-key", "openai", stdin=stdin)
    assert (code, out) == (2, "")
    assert not home.vault.exists()


@pytest.mark.parametrize("name", ["gatewatch/pepper", "", "a b", "\x1b[2J", CANARY, "0123456789abcdef" * 2])
def test_a_name_that_cannot_be_referred_to_is_refused(run: Run, home: Home, name: str) -> None:
    code, out, err = run("set-key", name, stdin=b"some-key")
    assert (code, out) == (1, "")
    assert err.replace("\n", "").isprintable()
    assert not home.root.exists()


@pytest.mark.parametrize(
    "argv", [[CANARY], ["--key", CANARY], [f"--key={CANARY}"], ["-o", CANARY], ["0123456789abcdef" * 2]]
)
def test_a_key_as_an_argument_is_refused_and_not_repeated(
    home: Home, capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["providers", "set-key", "openai", *argv])
    assert stopped.value.code == 2
    said = capsys.readouterr()
    assert CANARY not in said.out + said.err
    assert "0123456789abcdef" * 2 not in said.out + said.err
    assert not home.root.exists()


def test_the_list_says_of_each_key_whether_it_is_there(run: Run, home: Home) -> None:
    home.make().config.write_text(CONFIG)
    run("set-key", "openai", stdin=CANARY.encode())
    run("set-key", "spare", stdin=CANARY.encode())
    code, out, err = run("list", "-o", "json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert code == 0
    assert {name: row["key"] for name, row in rows.items()} == {
        "openai": "set",
        "second": "the vault has no key named 'second'",
        "claude": "the environment variable 'SOME_MISSING_VARIABLE' is not set",
        "local": "none",
    }
    assert rows["openai"]["api_key"] == "vault:openai"
    assert rows["openai"]["base_url"] == "https://api.openai.com/v1"
    assert rows["openai"]["set_at"].endswith("Z")
    assert rows["claude"]["set_at"] is None
    assert "vault:spare" in err
    assert run("list")[0] == 0


def test_a_list_makes_nothing(run: Run, home: Home, tmp_path: Path) -> None:
    assert run("list", "-o", "json")[:2] == (0, "[]\n")
    config = tmp_path / "given.yaml"
    config.write_text(CONFIG)
    rows: list[dict[str, Any]] = json.loads(run("list", "--config", str(config), "-o", "json")[1])
    assert rows[0]["key"] == "there is no vault"
    assert not home.root.exists()


def test_a_locked_vault_is_said_in_the_list(run: Run, home: Home) -> None:
    home.make().config.write_text(CONFIG)
    run("set-key", "openai", stdin=CANARY.encode())
    home.vault_key.unlink()
    code, out, _ = run("list", "-o", "json")
    assert code == 0
    assert "is locked" in json.loads(out)[0]["key"]


def test_the_vault_tells_what_it_is_and_is_given_up_only_when_that_is_confirmed(run: Run, home: Home) -> None:
    run("set-key", "openai", stdin=CANARY.encode())
    shown = json.loads(run("vault", "-o", "json")[1])
    assert (shown["backend"], shown["keys"]) == ("file", ["openai"])
    assert str(home.vault_key) in shown["reason"]
    assert shown["reason"] in run("vault")[1]
    assert run("vault", "--use", "file")[0] == 2
    home.vault_key.unlink()
    code, _, err = run("vault")
    assert code == 1
    assert "--passphrase-fd" in err
    assert run("vault", "--abandon")[0] == 2
    assert run("vault", "--use", "file", "--abandon")[0] == 2
    assert run("vault", "--use", "file", "--abandon", "--yes")[0] == 0
    assert kept(home, "openai") is None


def test_the_vault_is_not_moved_against_the_configuration(run: Run, home: Home) -> None:
    home.make().config.write_text("vault: file\n")
    run("vault")
    run("set-key", "openai", stdin=CANARY.encode())
    code, _, err = run("vault", "--use", "keyring")
    assert code == 2
    assert "`vault: file`" in err


def test_a_prompt_on_a_terminal_takes_the_key_and_a_passphrase_without_echo(home: Home) -> None:
    """Through a real pseudo-terminal, of which everything that appears is read."""
    argv = [sys.executable, "-m", "gatewatch", "providers", "set-key", "openai", "--ask-passphrase", "-o", "json"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, argv, os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[3])})
    seen = b""

    def wait_for(text: bytes) -> None:
        nonlocal seen
        while text not in seen.rpartition(b"\n")[2]:
            seen += os.read(terminal, 1024)

    for question, answer in ((b"Key of openai: ", CANARY), (b"New passphrase of the vault: ", "correct horse"),
                             (b"The same again: ", "correct horse")):  # fmt: skip
        wait_for(question)
        os.write(terminal, answer.encode() + b"\n")
    while True:
        try:
            part = os.read(terminal, 1024)
        except OSError:  # the terminal's way to say that the other side is closed
            break
        if not part:
            break
        seen += part
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, seen
    assert CANARY.encode() not in seen
    assert b"correct horse" not in seen
    assert not home.vault_key.exists()
    reader, writer = os.pipe()
    os.write(writer, b"correct horse")
    os.close(writer)
    locked = subprocess.run(
        [sys.executable, "-m", "gatewatch", "providers", "vault", "-o", "json", "--passphrase-fd", str(reader)],
        pass_fds=[reader], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        cwd=Path(__file__).resolve().parents[3],
    )  # fmt: skip
    os.close(reader)
    assert json.loads(locked.stdout)["keys"] == ["openai"], locked.stderr
