"""A route as people read it, and what differs between two versions of it."""

from typing import Any

from gatewatch.routing.definition import differences, first_targets, other_targets, readable, targets

OPENAI: dict[str, Any] = {"provider": "openai", "model": "gpt-4o", "weight": 1}
GROQ: dict[str, Any] = {"provider": "groq", "model": "org/llama", "weight": 3}
ROUTE: dict[str, Any] = {
    "name": "chat",
    "version": "aaaa0000",
    "rolled_back": None,
    "targets": [OPENAI, GROQ],
    "deadlines": {"connect": 5.0, "total": 600.0},
    "drop_params": False,
    "strategy": "weight",
    "classes": {"code": [GROQ]},
    "region": None,
    "context_window": [],
    "short_answer": {"target": OPENAI | {"model": "small"}, "max_tokens": 300, "hint": "Be brief."},
    "max_cost_picos": 250_000_000_000,
    "cache": {"ttl": 600.0, "by_key": False, "tags": []},
    "deferred": True,
}


def test_what_is_set_is_told_by_its_key_and_nothing_else() -> None:
    assert readable(ROUTE) == {
        "targets": ["openai/gpt-4o", "groq/org/llama"],
        "deadlines.connect": 5.0,
        "deadlines.total": 600.0,
        "strategy": "weight",
        "weights": {"groq/org/llama": 3},
        "classes.code": ["groq/org/llama"],
        "short_answer.target": "openai/small",
        "short_answer.max_tokens": 300,
        "short_answer.hint": "Be brief.",
        "max_cost_usd": "0.25",
        "cache.ttl": 600.0,
        "deferred": True,
    }


def test_every_target_is_named_once_the_first_choice_first() -> None:
    assert targets(ROUTE) == ["openai/gpt-4o", "groq/org/llama", "openai/small"]
    assert first_targets(ROUTE) == [["openai/gpt-4o", "groq/org/llama"], ["groq/org/llama"]]


def test_targets_of_calls_that_are_not_ordinary_are_told_with_what_they_are_for() -> None:
    assert other_targets(ROUTE | {"context_window": [OPENAI]}) == {
        "code": ["groq/org/llama"], "long calls": ["openai/gpt-4o"], "short answers": ["openai/small"],
    }  # fmt: skip
    assert other_targets({"targets": [OPENAI]}) == {}


def test_differences_are_by_key_and_say_what_is_not_set() -> None:
    now = ROUTE | {"version": "bbbb0000", "targets": [GROQ], "region": "eu", "max_cost_picos": None, "unheard": 5}
    assert [tuple(each) for each in differences(ROUTE, now)] == [
        ("max_cost_usd", "0.25", None),
        ("region", None, "eu"),
        ("targets", ["openai/gpt-4o", "groq/org/llama"], ["groq/org/llama"]),
        ("unheard", None, 5),
    ]
    assert differences(ROUTE, ROUTE) == []


def test_a_definition_of_an_older_gatewatch_is_read_too() -> None:
    old = {"name": "chat", "version": "0", "targets": [{"provider": "openai", "model": "gpt-4o"}], "deadlines": {}}
    assert readable(old) == {"targets": ["openai/gpt-4o"]}
    assert targets(old) == ["openai/gpt-4o"]
