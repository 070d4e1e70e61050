"""Keys are edited at the command line."""

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., tuple[int, str, str]]
Ask = Callable[..., Any]


def test_limits_are_changed_and_taken_away(made: Ask, ask: Ask) -> None:
    made("app", "--max-uses", "10", "--max-usd", "0.50", "--models", "gpt-4o", "--user", "ada")
    edited = ask("edit", "app", "--max-uses", "none", "--max-usd", "1.25", "--models", "any", "--expires", "30d")
    assert (edited["max_uses"], edited["max_usd"], edited["models"]) == (None, "1.25", None)
    assert edited["expires_at"] is not None
    assert edited["user"] == "ada", "what is left out stays"
    edited = ask("edit", "app", "--expires", "never", "--user", "none", "--service", "bot", "--name", "app 2")
    assert (edited["expires_at"], edited["user"], edited["service"], edited["name"]) == (None, None, "bot", "app 2")


@pytest.mark.parametrize("options", [(), ("--max-uses", "0"), ("--max-usd", "a lot"), ("--ttl", "soon")])
def test_nothing_and_nonsense_are_usage_errors(run: Run, made: Ask, options: tuple[str, ...]) -> None:
    made()
    code, out, _ = run("edit", "app", *options)
    assert (code, out) == (2, "")


@pytest.mark.parametrize("option", ["--team", "--kind", "--environment"])
def test_what_a_key_is_has_no_option(run: Run, made: Ask, option: str) -> None:
    made()
    with pytest.raises(SystemExit) as refused:
        run("edit", "app", option, "test")
    assert refused.value.code == 2
