"""The provider's usage object in the journal: its own words, within bounds."""

import json

import pytest

from gatewatch.call import Call, line
from proxy.worker.kept_usage import USAGE_BYTES, kept_usage

SOUND = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


def test_the_usage_in_the_journal_is_the_providers_own_and_stays_one_line() -> None:
    usage = SOUND | {"cost": 0.25, "note": "a\nb", "more": {"deep": [1, 2, None]}}
    call = Call(call_id="c", started_at=1, usage=kept_usage(usage))
    written = line("close", call)
    assert written.count(b"\n") == 1
    assert json.loads(written)["usage"] == usage


@pytest.mark.parametrize("size", [USAGE_BYTES + 1, 8 << 20])
def test_a_usage_beyond_any_sense_is_not_kept(size: int) -> None:
    assert kept_usage(SOUND | {"x": "x" * size}) is None


def test_a_usage_nested_without_end_is_not_kept() -> None:
    nested: object = 1
    for _ in range(5000):
        nested = [nested]
    assert kept_usage({"prompt_tokens": 1, "x": nested}) is None
    assert kept_usage(None) is None


@pytest.mark.parametrize("usage", ["none", 7, True, [SOUND]])
def test_what_is_no_object_is_not_kept(usage: object) -> None:
    """A text would come into the ledger without its quotes, and nobody could read it as JSON again."""
    assert kept_usage(usage) is None
