"""The state of a target, in words."""

from typing import Any

import pytest

from gatewatch.routing.target_words import in_order, out_of_order


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({}, []),
        ({"shifted": True}, ["comes last"]),
        ({"breaker": "half_open"}, ["half open"]),
        ({"overrides": [{"kind": "drain"}], "breaker": "open"}, ["drained", "breaker open"]),
        ({"overrides": [{"kind": "rollback"}]}, ["rolled back"]),
        ({"overrides": [{"kind": "rollback"}], "is_target": False}, []),
    ],
)  # fmt: skip
def test_what_is_out_of_order_is_said(row: dict[str, Any], words: list[str]) -> None:
    assert out_of_order({"overrides": [], "is_target": True} | row) == words


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"is_target": True, "purposes": []}, "in use"),
        ({"is_target": True, "purposes": ["code", "long calls"]}, "code, long calls"),
        ({"is_target": False, "purposes": []}, "not a target"),
    ],
)
def test_a_target_is_told_by_what_it_is_there_for(row: dict[str, Any], words: str) -> None:
    assert in_order(row) == words
