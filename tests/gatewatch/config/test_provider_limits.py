"""What may stand under `limits` of a provider and under `pacing`."""

from typing import Any

import pytest
from pydantic import ValidationError

from gatewatch.config.models import Config

SECOND = 1_000_000


def test_left_out_calls_wait_five_seconds_batch_calls_a_minute_and_headers_are_believed() -> None:
    pacing = Config().pacing
    assert (pacing.wait, pacing.batch_wait, pacing.queue) == (5 * SECOND, 60 * SECOND, 100)
    assert pacing.from_headers
    assert pacing.urgent_teams is None


@pytest.mark.parametrize(
    "tree",
    [
        {"pacing": {"queue": -1}},
        {"pacing": {"wait": "0s"}},
        {"pacing": {"urgent_teams": ["not a team!"]}},
        {"providers": {"p": {"limits": {"rpm": 0}}}},
        {"providers": {"p": {"limits": {"rps": 5}}}},
        {"providers": {"p": {"limits": {"models": {"gpt-5": {"models": {}}}}}}},
        {"models": {"m": {"targets": ["p/m"], "concurrent": 0}}},
    ],
)
def test_what_makes_no_sense_is_refused(tree: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate(tree)
