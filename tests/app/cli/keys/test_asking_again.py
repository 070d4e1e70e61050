"""Answers get lost on the way, after the gateway has done what it was asked: nothing is reported as not done."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.cli import performing
from gatewatch.errors import Unreachable
from gatewatch.keys import token

Run = Callable[..., tuple[int, str, str]]
Ask = Callable[..., Any]
Lose = Callable[[str, int], None]


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Lose:
    """From here on an action is done, and its first so many answers never arrive."""
    really = performing.perform

    def loses(action: str, answers: int) -> None:
        lost = [0]

        def perform(args: Any, name: str, asked: Any, **options: Any) -> Any:
            answer = really(args, name, asked, **options)
            if name == action and lost[0] < answers:
                lost[0] += 1
                raise Unreachable("No gateway answers: timed out")
            return answer

        monkeypatch.setattr("app.cli.performing.perform", perform)

    return loses


def test_a_key_of_many_is_rotated_once_and_its_secret_comes_with_the_second_answer(
    run: Run, made: Ask, ask: Ask, lose: Lose, tmp_path: Path
) -> None:
    made("one")
    lose("keys.rotate", 1)
    (row,) = ask("rotate", "--team", "search", "--secret-dir", str(tmp_path / "s"), "--yes")
    assert row["result"] == "rotated"
    secrets = ask("show", "one")["secrets"]
    assert [secret["version"] for secret in secrets] == [1, 2]
    assert token.parse(Path(row["secret_file"]).read_text().strip()) == secrets[-1]["kid"]


def test_where_that_is_lost_too_it_is_unknown_and_can_be_asked_for_again(
    run: Run, made: Ask, ask: Ask, lose: Lose, tmp_path: Path
) -> None:
    made("one")
    lose("keys.rotate", 2)
    code, out, err = run("rotate", "--team", "search", "--secret-dir", str(tmp_path / "s"), "--yes", "-o", "json")
    (row,) = json.loads(out)
    assert code == 1
    assert row["result"].startswith("unknown whether it was rotated")
    rotation = row["result"].rpartition(" ")[2]
    assert rotation in err
    assert list((tmp_path / "s").iterdir()) == []
    again = ("rotate", "--team", "search", "--rotation-id", rotation, "--secret-dir", str(tmp_path / "t"), "--yes")
    (row,) = ask(*again)
    assert row["result"] == "rotated"
    secrets = ask("show", "one")["secrets"]
    assert token.parse(Path(row["secret_file"]).read_text().strip()) == secrets[-1]["kid"]
    assert len(secrets) == 2


def test_a_key_of_many_whose_revocation_was_not_answered_is_asked_about_again(
    run: Run, made: Ask, ask: Ask, lose: Lose
) -> None:
    made("one")
    made("two", team="billing")
    lose("keys.revoke", 1)
    (row,) = ask("revoke", "--team", "search", "--yes")
    assert (row["result"], row["state"]) == ("revoked", "revoked")
    lose("keys.revoke", 2)
    code, out, _ = run("revoke", "--team", "billing", "--yes", "-o", "json")
    assert code == 1
    assert json.loads(out)[0]["result"].startswith("unknown whether it was revoked")


@pytest.mark.parametrize("lost", ["keys.import", "keys.rotate"])
def test_an_imported_key_has_its_file_though_an_answer_was_lost(
    run: Run, ask: Ask, lose: Lose, tmp_path: Path, lost: str
) -> None:
    file = tmp_path / "keys.jsonl"
    file.write_text(json.dumps({"id": "carried1", "name": "app", "team": "search"}))
    lose(lost, 1)
    (row,) = ask("import", str(file), "--create-teams", "--secret-dir", str(tmp_path / "s"))
    assert row["result"] == "imported"
    (secret,) = ask("show", "carried1")["secrets"]
    assert token.parse(Path(row["secret_file"]).read_text().strip()) == secret["kid"]


def test_an_import_that_is_never_answered_is_unknown_and_can_be_done_again(
    run: Run, ask: Ask, lose: Lose, tmp_path: Path
) -> None:
    file = tmp_path / "keys.jsonl"
    file.write_text(json.dumps({"id": "carried1", "name": "app", "team": "search"}))
    for action, word in (("keys.import", "import it again"), ("keys.rotate", "keys rotate carried1 --rotation-id")):
        folder = tmp_path / action
        lose(action, 2)
        code, out, _ = run("import", str(file), "--create-teams", "--secret-dir", str(folder), "-o", "json")
        (row,) = json.loads(out)
        assert (code, row["secret_file"]) == (1, None)
        assert "unknown whether" in row["result"]
        assert word in row["result"]
        assert list(folder.iterdir()) == []
