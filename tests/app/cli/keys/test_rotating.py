"""Keys are rotated at the command line."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatewatch.errors import Unreachable
from gatewatch.keys import token

Run = Callable[..., tuple[int, str, str]]
Ask = Callable[..., Any]


def test_scripts_get_the_four_fields_with_the_new_secret(made: Ask, ask: Ask) -> None:
    key = made()
    rotated = ask("rotate", key["id"], "--grace", "10m", "--yes")
    assert list(rotated) == ["id", "name", "team", "secret"]
    assert rotated | {"secret": ""} == key | {"secret": ""}
    assert token.parse(rotated["secret"]) not in (None, key["id"])


def test_a_lost_answer_comes_again_and_says_on_stderr_when_it_cannot(run: Run, made: Ask, ask: Ask) -> None:
    made()
    first = ask("rotate", "app", "--rotation-id", "d1", "--yes")
    code, out, err = run("rotate", "app", "--rotation-id", "d1", "--yes", "-o", "json")
    assert (code, json.loads(out)) == (0, first)
    assert "was made before" in err
    ask("rotate", "app", "--end-grace", "--yes")
    ask("revoke", "app", "--yes")
    code, out, err = run("rotate", "app", "--rotation-id", "d1", "--yes", "-o", "json")
    assert (code, json.loads(out)["secret"]) == (0, None)
    assert "kept nowhere" in err


@pytest.mark.parametrize(("answer", "code", "versions"), [("y\n", 0, 2), ("n\n", 1, 1), ("\n", 1, 1), ("", 1, 1)])
def test_on_a_terminal_it_asks_and_the_default_is_no(
    run: Run, made: Ask, ask: Ask, typed: Callable[[str], None], answer: str, code: int, versions: int
) -> None:
    made()
    typed(answer)
    done, _, err = run("rotate", "app", "--grace", "5m")
    assert done == code
    assert "The old secret works for 5m more" in err
    assert "no calls in the last 24 h" in err
    assert len(ask("show", "app")["secrets"]) == versions


def test_without_a_terminal_and_without_yes_nothing_is_rotated(run: Run, made: Ask, ask: Ask) -> None:
    made()
    code, out, err = run("rotate", "app")
    assert (code, out) == (2, "")
    assert "--yes" in err
    assert len(ask("show", "app")["secrets"]) == 1


def test_a_table_shows_the_secret_once_and_when_the_old_one_ends(run: Run, made: Ask) -> None:
    made()
    code, out, err = run("rotate", "app", "--yes")
    assert code == 0
    assert token.parse(out.splitlines()[-1]) is not None
    assert "Secret 1 works until" in err
    assert out.splitlines()[-1] not in err


def test_the_old_secret_can_be_ended_now(run: Run, made: Ask, ask: Ask, typed: Callable[[str], None]) -> None:
    key = made()
    ask("rotate", "app", "--grace", "1h", "--yes")
    typed("n\n")
    assert run("rotate", "--end-grace", key["id"])[0] == 1
    typed("y\n")
    code, out, err = run("rotate", "--end-grace", key["id"], "-o", "json")
    assert code == 0
    assert json.loads(out)[0]["ended"] == [1]
    assert "End the old secrets" in err
    assert [secret["state"] for secret in ask("show", "app")["secrets"]] == ["ended", "current"]


def test_many_are_rotated_into_private_files_of_a_new_folder(run: Run, made: Ask, tmp_path: Path) -> None:
    keys = [made(name) for name in ("one", "two")]
    made("other", team="billing")
    folder = tmp_path / "secrets"
    code, out, err = run("rotate", "--team", "search", "--secret-dir", str(folder), "--yes", "-o", "json")
    assert code == 0
    assert "2 of 2 keys are rotated" in err
    rows = json.loads(out)
    assert [row["result"] for row in rows] == ["rotated", "rotated"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name for path in folder.iterdir()} == {key["id"] for key in keys}
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert token.parse(path.read_text().strip()) is not None
        assert path.read_text().strip() not in out + err


def test_a_rotation_of_many_that_broke_off_is_taken_up_by_its_id(run: Run, made: Ask, tmp_path: Path) -> None:
    for name in ("one", "two"):
        made(name)
    bulk = ("rotate", "--team", "search", "--rotation-id", "week-47", "--yes", "-o", "json")
    assert run(*bulk, "--secret-dir", str(tmp_path / "first"))[0] == 0
    assert run(*bulk, "--secret-dir", str(tmp_path / "first"))[0] == 2, "never into a folder that is there"
    assert run(*bulk, "--secret-dir", str(tmp_path / "again"))[0] == 0
    first, again = ({p.name: p.read_text() for p in (tmp_path / name).iterdir()} for name in ("first", "again"))
    assert first == again


def test_one_of_many_that_cannot_be_rotated_is_named_and_keeps_no_other(run: Run, made: Ask, tmp_path: Path) -> None:
    made("one")
    made("gone")
    run("revoke", "gone", "--yes")
    folder = tmp_path / "secrets"
    code, out, err = run("rotate", "one", "gone", "--secret-dir", str(folder), "--yes", "-o", "json")
    assert code == 1
    results = {row["name"]: row["result"] for row in json.loads(out)}
    assert results["one"] == "rotated"
    assert "revoked" in results["gone"]
    assert "1 of 2" in err
    assert len(list(folder.iterdir())) == 1


def test_secrets_of_many_never_go_to_the_screen(run: Run, made: Ask) -> None:
    made("one")
    made("two")
    for argv in (("one", "two"), ("--team", "search")):
        code, out, err = run("rotate", *argv, "--yes")
        assert (code, out) == (2, "")
        assert "--secret-dir" in err


def test_a_name_and_a_description_do_not_go_together(run: Run, made: Ask, ask: Ask) -> None:
    made()
    assert run("rotate", "app", "--team", "billing", "--secret-dir", "nowhere", "--yes")[0] == 2
    assert run("rotate", "app", "--team", "billing", "--yes")[0] == 2
    assert len(ask("show", "app")["secrets"]) == 1


def test_a_dry_run_changes_nothing(run: Run, made: Ask, ask: Ask) -> None:
    made()
    assert [row["name"] for row in ask("rotate", "--team", "search", "--dry-run")] == ["app"]
    assert run("rotate", "app", "--dry-run")[0] == 0
    assert len(ask("show", "app")["secrets"]) == 1


def test_a_gateway_that_goes_away_meanwhile_leaves_the_operator_with_the_next_step(
    run: Run, made: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    made()

    def gone(*_: object, **__: object) -> None:
        raise Unreachable("No gateway answers", "")

    monkeypatch.setattr("app.cli.performing.perform", gone)
    for options, step in (((), "keys show"), (("--rotation-id", "x"), "same --rotation-id")):
        code, out, err = run("rotate", "app", "--yes", *options)
        assert (code, out) == (5, "")
        assert step in err


@pytest.mark.parametrize("grace", ["-1m", "soon", "11000d", ""])
def test_a_grace_that_is_none_is_a_usage_error(run: Run, made: Ask, grace: str) -> None:
    made()
    assert run("rotate", "app", f"--grace={grace}", "--yes")[0] == 2


def test_without_a_key_it_asks_which_one_is_meant(run: Run, made: Ask) -> None:
    made()
    code, out, err = run("rotate", "--yes")
    assert (code, out) == (2, "")
    assert "which keys are meant" in err


def test_a_grace_that_begins_with_a_nought_is_a_grace(run: Run, made: Ask, typed: Callable[[str], None]) -> None:
    made()
    typed("n\n")
    _, _, err = run("rotate", "app", "--grace", "05m")
    assert "works for 05m more" in err
