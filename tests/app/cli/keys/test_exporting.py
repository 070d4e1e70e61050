"""What is known of keys, as lines."""

import json
from collections.abc import Callable
from typing import Any

Run = Callable[..., tuple[int, str, str]]
Ask = Callable[..., Any]


def test_each_key_is_a_line_without_a_secret(run: Run, made: Ask) -> None:
    one = made("one", "--max-usd", "2.5")
    made("two", team="billing")
    code, out, _ = run("export")
    assert code == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["name"] for line in lines] == ["one", "two"]
    assert lines[0]["max_usd"] == "2.5"
    assert one["secret"][20:] not in out
    assert len(run("export", "--team", "billing")[1].splitlines()) == 1
    assert run("export", "--team", "nobody")[0] == 3
