"""Virtual keys at the command line."""

import csv
import io
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatewatch.control.key_table import KeyTable, Refusal
from gatewatch.control.store import ControlStore
from gatewatch.keys import token
from gatewatch.paths import Home
from gatewatch.vault.opening import open_vault
from gatewatch.vault.pepper import get_or_create_pepper

Run = Callable[..., tuple[int, str, str]]


def created(run: Run, *argv: str) -> Any:
    code, out, err = run("create", *argv, "-o", "json")
    assert code == 0, err
    return json.loads(out)


def test_a_key_is_made_with_the_four_fields_that_scripts_rely_on_and_works(run: Run, home: Home) -> None:
    key = created(run, "app", "--team", "search", "--create-team")
    assert sorted(key) == ["id", "name", "secret", "team"]
    assert (key["name"], key["team"]) == ("app", "search")
    assert token.parse(key["secret"]) == key["id"]
    with ControlStore.open(home.control) as store:
        pepper = get_or_create_pepper(home, store, open_vault(home, store))
    table = KeyTable(home.control, pepper)
    known = table.lookup(key["secret"])
    table.close()
    assert not isinstance(known, Refusal)
    record = known.key
    assert (known.kid, record.id, record.kind, record.environment, record.models) == (
        key["id"], key["id"], "client", "live", None,
    )  # fmt: skip


def test_what_a_key_is_given_is_shown_afterwards(run: Run) -> None:
    key = created(
        run, "ops", "--team", "search", "--create-team", "--environment", "test",
        "--project", "ranker", "--models", "gpt-4o, openai/gpt-4o-mini", "--expires", "2999-01-31T12:00:00+02:00",
    )  # fmt: skip
    assert key["secret"].startswith("gwk_sk_test_")
    code, out, _ = run("show", "ops", "-o", "json")
    shown = json.loads(out)
    assert code == 0
    assert (shown["id"], shown["kind"], shown["environment"], shown["project"]) == (
        key["id"],
        "client",
        "test",
        "ranker",
    )
    assert shown["models"] == ["gpt-4o", "openai/gpt-4o-mini"]
    assert shown["expires_at"] == "2999-01-31T10:00:00.000000Z"
    assert (shown["state"], shown["revoked_at"], shown["last_used_at"]) == ("active", None, None)
    assert "secret" not in shown


def test_an_admin_key_is_refused_what_would_bound_nothing(run: Run) -> None:
    code, out, err = run("create", "ops", "--team", "search", "--create-team", "--kind", "admin", "--max-uses", "1")
    assert (code, out) == (2, "")
    assert "max_uses would bound nothing" in err


def test_a_length_of_life_counts_from_the_making(run: Run) -> None:
    from datetime import datetime, timedelta

    created(run, "app", "--team", "search", "--create-team", "--expires", "30d")
    shown = json.loads(run("show", "app", "-o", "json")[1])
    made, ends = (datetime.fromisoformat(shown[name]) for name in ("created_at", "expires_at"))
    assert timedelta(days=30) - timedelta(seconds=30) < ends - made <= timedelta(days=30)


@pytest.mark.parametrize("when", ["0s", "2001-01-01", "now", "soon", "-3d", "sk-" + "q1" * 20])
def test_a_key_that_would_have_expired_is_a_usage_error(run: Run, when: str) -> None:
    code, out, err = run("create", "app", "--team", "search", "--create-team", f"--expires={when}")
    assert (code, out) == (2, "")
    assert "30d" in err
    assert "q1q1q1q1" not in err


def test_a_team_that_does_not_exist_is_not_found_and_the_command_that_makes_it_is_named(run: Run, home: Home) -> None:
    code, out, err = run("create", "app", "--team", "search", "-o", "json")
    assert (code, out) == (3, "")
    assert "gatewatch teams create" in err
    assert not home.vault_key.exists()


def test_a_team_of_the_configuration_needs_no_making(run: Run, home: Home) -> None:
    home.make().config.write_text("teams:\n  billing: {}\nvault: file\n")
    key = created(run, "app", "--team", "billing")
    assert key["team"] == "billing"
    with ControlStore.open(home.control) as store:
        assert store.team("billing").managed_by == "config"


def test_the_table_shows_the_whole_secret_once_and_says_so(run: Run) -> None:
    code, out, err = run("create", "app", "--team", "search", "--create-team")
    assert code == 0
    secret = out.splitlines()[-1]
    assert token.parse(secret) is not None
    assert "will not be shown again" in err
    assert secret not in err
    for command in (("list",), ("list", "-o", "json"), ("list", "-o", "csv"), ("show", "app"), ("show", secret)):
        code, out, err = run(*command)
        assert code == 0
        assert secret[20:] not in out + err


def test_csv_is_one_row(run: Run) -> None:
    _, out, _ = run("create", "app", "--team", "search", "--create-team", "-o", "csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert token.parse(row["secret"]) == row["id"]


def test_a_secret_can_go_to_a_new_private_file_instead(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "key"
    before = os.umask(0)
    try:
        key = created(run, "app", "--team", "search", "--create-team", "--secret-file", str(path))
    finally:
        os.umask(before)
    assert (key["secret"], key["secret_file"]) == (None, str(path))
    assert token.parse(path.read_text().strip()) == key["id"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_text()
    code, out, err = run("create", "two", "--team", "search", "--secret-file", str(path))
    assert (code, out) == (2, "")
    assert "File exists" in err
    assert path.read_text() == content
    assert [row["name"] for row in json.loads(run("list", "-o", "json")[1])] == ["app"]


def test_a_secret_file_is_removed_where_no_key_was_made(run: Run, tmp_path: Path) -> None:
    code, _, _ = run("create", "no/slash", "--team", "search", "--create-team", "--secret-file", str(tmp_path / "key"))
    assert code == 2
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("name", ["\x1b]52;c;aGk=\x07", "'; DROP TABLE keys; --", "", "x" * 65, "=1+1", "[bold]x"])
def test_hostile_names_are_usage_errors_and_shown_harmless(run: Run, name: str) -> None:
    for argv in ((name, "--team", "t"), ("app", "--team", name), ("app", "--team", "t", "--project", name)):
        code, out, err = run("create", "--create-team", *argv)
        assert (code, out) == (2, "")
        assert err.replace("\n", "").isprintable()


def test_a_revoked_key_is_refused_and_stays_in_the_list(run: Run, home: Home) -> None:
    key = created(run, "app", "--team", "search", "--create-team")
    code, out, _ = run("revoke", key["id"], "--yes", "-o", "json")
    assert code == 0
    assert json.loads(out)["state"] == "revoked"
    again = json.loads(run("revoke", key["id"], "-o", "json")[1])
    assert again == json.loads(out)
    (row,) = json.loads(run("list", "-o", "json")[1])
    assert (row["id"], row["state"]) == (key["id"], "revoked")
    assert row["revoked_at"].endswith("Z")


def test_without_a_terminal_and_without_yes_nothing_is_revoked(run: Run) -> None:
    created(run, "app", "--team", "search", "--create-team")
    code, out, err = run("revoke", "app")
    assert (code, out) == (2, "")
    assert "--yes" in err
    assert json.loads(run("show", "app", "-o", "json")[1])["state"] == "active"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "code", "state"), [("y\n", 0, "revoked"), ("n\n", 1, "active"), ("", 1, "active")])
def test_on_a_terminal_revoking_asks_and_names_what_it_ends(
    run: Run, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, state: str
) -> None:
    key = created(run, "app", "--team", "search", "--create-team")
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    done, _, err = run("revoke", "app")
    assert done == code
    for part in ("'app'", key["id"], "'search'", "never used"):
        assert part in err
    assert json.loads(run("show", key["id"], "-o", "json")[1])["state"] == state


def test_an_unknown_key_is_not_found_also_where_there_is_no_gateway(run: Run, home: Home) -> None:
    assert run("show", "nobody")[0] == 3
    assert run("revoke", "nobody", "--yes")[0] == 3
    assert run("list", "-o", "json")[:2] == (0, "[]\n")
    assert run("list", "--team", "search")[0] == 3
    assert not home.root.exists()
    created(run, "app", "--team", "search", "--create-team")
    assert run("show", "nobody")[0] == 3
    assert run("list", "--team", "nobody")[0] == 3


def test_a_list_can_be_of_one_team(run: Run) -> None:
    created(run, "one", "--team", "search", "--create-team")
    created(run, "two", "--team", "billing", "--create-team")
    assert [row["name"] for row in json.loads(run("list", "--team", "billing", "-o", "json")[1])] == ["two"]
