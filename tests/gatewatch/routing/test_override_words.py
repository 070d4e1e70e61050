"""Overrides in few words."""

from typing import Any

import pytest

from gatewatch.routing.override_words import in_words


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
