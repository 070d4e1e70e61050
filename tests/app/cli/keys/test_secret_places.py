"""Where a new secret goes."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.cli.keys.secret_places import SecretPlace, new_folder
from gatewatch.control.store import ControlStore
from gatewatch.errors import UsageError
from gatewatch.keys import token
from gatewatch.paths import Home
from gatewatch.vault.opening import open_vault

Run = Callable[..., tuple[int, str, str]]
Ask = Callable[..., Any]


def test_a_secret_can_stay_in_the_vault(run: Run, home: Home) -> None:
    code, out, err = run("create", "ci", "--team", "t", "--create-team", "--to-vault", "ci-key", "-o", "json")
    assert code == 0
    key = json.loads(out)
    assert (key["secret"], key["vault"]) == (None, f"gatewatch/keys/{key['id']}-ci-key")
    assert f"in the vault as {key['vault']}" in err
    with ControlStore.open(home.control) as store:
        kept = open_vault(home, store).get(key["vault"])
    assert kept is not None
    assert token.parse(kept) == key["id"]
    assert kept not in out + err


def test_the_clipboard_is_never_filled_in_a_pipe_and_no_key_is_made(run: Run, ask: Ask) -> None:
    code, out, err = run("create", "ci", "--team", "t", "--create-team", "--clipboard")
    assert (code, out) == (2, "")
    assert "--secret-file" in err
    assert ask("list") == []


def test_there_is_one_place(run: Run) -> None:
    with pytest.raises(SystemExit):
        run("create", "ci", "--team", "t", "--clipboard", "--to-vault", "x")


def test_a_file_that_cannot_be_written_any_more_loses_no_secret(tmp_path: Path) -> None:
    place = SecretPlace(tmp_path / "gone" / "key", clipboard=False, vault_name=None)
    put, told = place.put({"secret": "the secret"})
    assert put == {"secret": "the secret"}
    assert "keep the secret" in told


def test_a_folder_for_secrets_is_new(tmp_path: Path) -> None:
    new_folder(tmp_path / "s", "--secret-dir")
    with pytest.raises(UsageError):
        new_folder(tmp_path / "s", "--secret-dir")


@pytest.mark.parametrize(("end", "why"), [("> /dev/full", "No space left"), ("| true", "Broken pipe")])
def test_a_secret_that_stdout_did_not_take_is_said_to_be_lost(run: Run, home: Home, end: str, why: str) -> None:
    run("create", "first", "--team", "t", "--create-team")
    command = f"( sleep 1; {sys.executable} -m gatewatch keys create lost --team t; echo $? >&2 ) {end}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert why in done.stderr
    assert "gatewatch keys rotate" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert done.stderr.endswith("1\n")
    assert json.loads(run("list", "-o", "json")[1])[1]["name"] == "lost"
