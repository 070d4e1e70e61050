"""Overrides in few words."""

from typing import Any

import pytest

from gatewatch.routing.override_words import in_full, in_words


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ({"kind": "rollback"}, "rolled back"),
        ({"kind": "drain"}, "drained"),
        ({"kind": "canary", "share": "5%"}, "canary 5%"),
        ({"kind": "canary", "share": "0%", "teams": ["search", "web"]}, "canary search + web"),
        ({"kind": "canary", "share": "5%", "teams": ["search"]}, "canary 5% + search"),
        ({"kind": "canary", "share": "0%"}, "canary 0%"),
        ({"kind": "canary", "share": "0%", "halted": "bad"}, "canary stopped"),
    ],
)
def test_an_override_fits_into_a_column(override: dict[str, Any], words: str) -> None:
    assert in_words(override) == words


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ({"kind": "rollback", "version": "0ff1ce"}, "rolled back to 0ff1ce"),
        ({"kind": "drain", "target": "openai"}, "drained openai"),
        (
            {"kind": "drain", "target": "openai/gpt-4o", "until": "2026-11-21T10:00:00.000000Z"},
            "drained openai/gpt-4o until 2026-11-21T10:00:00.000000Z",
        ),
        ({"kind": "canary", "share": "5%", "target": "openai/gpt-4.1"}, "canary 5% to openai/gpt-4.1"),
        ({"kind": "canary", "target": "openai/gpt-4.1", "halted": "bad"}, "canary stopped of openai/gpt-4.1"),
    ],
)
def test_an_override_is_told_with_its_target_and_its_end(override: dict[str, Any], words: str) -> None:
    assert in_full(override) == words
