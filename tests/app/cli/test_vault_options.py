"""What commands share that open the vault."""

import argparse
import io
from pathlib import Path

import pytest

from app.cli.command import add_home
from app.cli.vault_options import add_vault, confirmed, control_store, opened_vault, vault_wish
from gatewatch.errors import NotFound, UsageError


def arguments(home: Path, *argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_vault(parser)
    add_home(parser)
    return parser.parse_args(["--home", str(home), *argv])


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.delenv("GATEWATCH_VAULT", raising=False)


def test_the_vault_that_is_chosen_first_is_told_once_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for told in (True, False):
        with control_store(arguments(tmp_path, "--vault", "file"), make=True) as (home, store):
            opened_vault(arguments(tmp_path, "--vault", "file"), home, store)
        said = capsys.readouterr()
        assert said.out == ""
        assert ("vault: file (asked for; " in said.err) == told
        assert ("not from somebody who can read this folder" in said.err) == told


def test_the_kind_that_the_configuration_names_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatewatch.vault.keyring_vault.candidates", lambda: pytest.fail("looked for a keyring"))
    (tmp_path / "gatewatch.yaml").write_text("vault: file\n")
    with control_store(arguments(tmp_path), make=True) as (home, store):
        assert opened_vault(arguments(tmp_path), home, store).describe().backend == "file"


def test_a_prompt_exists_only_on_a_terminal(tmp_path: Path) -> None:
    assert vault_wish(arguments(tmp_path, "--passphrase-fd", "7")).passphrase_fd == 7
    assert vault_wish(arguments(tmp_path)).prompt is None
    with (
        control_store(arguments(tmp_path), make=True) as (home, store),
        pytest.raises(UsageError, match="on a terminal only"),
    ):
        opened_vault(arguments(tmp_path, "--vault", "file", "--ask-passphrase"), home, store)


def test_reading_makes_no_home(tmp_path: Path) -> None:
    with pytest.raises(NotFound), control_store(arguments(tmp_path / "nowhere"), make=False):
        pass
    assert not (tmp_path / "nowhere").exists()


def test_without_a_terminal_only_yes_goes_on() -> None:
    assert confirmed("Sure?", yes=True)
    with pytest.raises(UsageError, match="no terminal"):
        confirmed("Sure?", yes=False)


def test_what_a_command_writes_by_itself_is_sealed_where_the_vault_opens_without_asking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = arguments(tmp_path, "--vault", "file")
    with control_store(args, make=True) as (home, store):
        opened_vault(args, home, store)
        store.create_team("search")
    with control_store(args, make=False) as (_, store):
        count = "SELECT count(*) FROM audit WHERE seq NOT IN (SELECT seq FROM audit_seals)"
        assert store.connection.execute(count).fetchone() == (0,)
    assert "not sealed" not in capsys.readouterr().err
    home.vault_key.unlink()
    with control_store(args, make=False) as (_, store):
        store.create_team("sales")
    assert "not sealed yet" in capsys.readouterr().err
