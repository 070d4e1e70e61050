"""One of three targets goes bad under load, and callers notice nothing. The whole of it: `make bench ARGS=storms`."""

from pathlib import Path

import pytest

from benchmarks.storms import Storm, storms

pytestmark = pytest.mark.long

SECONDS = 2.5
BREAKER = "resilience: {breaker: {pause: 1s}}\n"
"""Sooner than usual, so that a test sees the target come back."""


@pytest.mark.parametrize("names", [["dead", "slow"], ["overloaded", "throttled, says when", "throttled"]])
async def test_callers_notice_nothing_and_the_target_comes_back_by_itself(names: list[str], tmp_path: Path) -> None:
    for storm in await storms(tmp_path, 1, SECONDS, names, quiet=0.3, more=BREAKER):
        check(storm)


def check(storm: Storm) -> None:
    assert storm.calls >= 100, "there was a load"
    assert storm.success >= 0.999, storm
    assert storm.retries <= 0.2, storm
    assert storm.opened is not None, storm
    assert storm.opened <= 5.0, "it is left alone soon"
    assert storm.back is not None, "it comes back by itself"
