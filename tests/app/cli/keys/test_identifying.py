"""A leaked string: whose key is it?"""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatewatch.keys import token

Run = Callable[..., tuple[int, str, str]]
Ask = Callable[..., Any]


def test_a_token_on_stdin_is_named_and_never_repeated(run: Run, made: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    key = made("app")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"found in a log: {key['secret']}\n"))
    code, out, err = run("identify")
    assert code == 0
    assert key["id"] in out
    assert "keys revoke" in err
    assert key["secret"][20:] not in out + err
    monkeypatch.setattr("sys.stdin", io.StringIO(key["secret"][:40]))
    code, out, err = run("identify", "-o", "json")
    assert (code, json.loads(out)["genuine"]) == (0, False)


def test_a_strangers_token_is_not_found(run: Run, made: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    made("app")
    for text, code in ((token.mint("client", "live"), 3), ("nothing here", 2), ("", 2)):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        assert run("identify")[0] == code


def test_a_token_is_no_argument(run: Run, made: Ask) -> None:
    key = made("app")
    with pytest.raises(SystemExit):
        run("identify", key["secret"])


def test_every_key_in_a_file_is_named_and_those_that_are_good_are_flagged(
    run: Run, made: Ask, ask: Ask, tmp_path: Path
) -> None:
    one, two, stranger = made("one"), made("two", team="billing"), token.mint("client", "live")
    filler = "x" * (64 * 1024 - 40)
    export = tmp_path / "export.jsonl"
    export.write_text(f'{{"prompt": "{one["secret"]}"}}\n{filler}{two["secret"]}\n{stranger}\n{one["secret"]}\n')
    (tmp_path / "home" / "gatewatch.yaml").write_text(
        "leaks: {in_prompt: revoke}\nteams: {billing: {leaks: {in_prompt: alert}}}\n"
    )
    code, out, err = run("identify", "--from-file", str(export), "-o", "json")
    assert code == 0, err
    rows = {row["id"]: row for row in json.loads(out)}
    assert {key: row["reaction"] for key, row in rows.items()} == {one["id"]: "revoke", two["id"]: "alert", None: None}
    assert rows[None]["kid"] == token.parse(stranger)
    assert "3; flagged: 2; revoked by that: 1." in err
    for secret in (one["secret"], two["secret"], stranger):
        assert secret[20:] not in out + err
    assert [ask("show", key["id"])["state"] for key in (one, two)] == ["revoked", "active"]
    (tmp_path / "clean").write_text("nothing")
    assert run("identify", "--from-file", str(tmp_path / "clean"), "-o", "json")[:2] == (0, "[]\n")
    assert run("identify", "--from-file", str(tmp_path / "nowhere"))[0] == 2
