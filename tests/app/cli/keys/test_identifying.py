"""A leaked string: whose key is it?"""

import io
import json
from collections.abc import Callable
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
