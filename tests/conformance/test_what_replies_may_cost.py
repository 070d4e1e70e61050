"""A caller cannot have a longer reply, or more of them, than was reserved: many calls at once, on a whole gateway.

Money by hand: gpt-4o-mini costs 0.15, output 0.60 USD per million tokens. Each reply uses all that its request allows.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from gatewatch.paths import Home
from tests.kit.limit_stage import Stage, budget, limit_stage
from tests.kit.raw_http import ask
from tests.kit.running import sandbox

IN, OUT = 150_000, 600_000
ALLOWED = 16_000
"""Output tokens of each request below."""
USAGE = {"prompt_tokens": 10, "completion_tokens": ALLOWED, "total_tokens": 10 + ALLOWED}
COST = 10 * IN + ALLOWED * OUT
AT_ONCE = 40


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox(tmp_path_factory.mktemp("overspend")) as running:
        yield running.listen


@pytest.fixture
async def stage(tmp_path: Path, provider: str) -> AsyncIterator[Stage]:
    async with limit_stage(Home(tmp_path).make(), provider) as stage:
        yield stage


@pytest.mark.parametrize(
    ("endpoint", "route", "fields"),
    [
        ("chat", "talk", {"max_tokens": ALLOWED}),
        ("chat", "talk", {"max_completion_tokens": 1, "max_tokens": ALLOWED}),
        ("chat", "talk", {"max_completion_tokens": ALLOWED, "max_tokens": 1}),
        ("chat", "talk", {"max_tokens": ALLOWED // 16, "n": 16}),
        ("completions", "talk", {"max_tokens": ALLOWED // 16, "best_of": 16}),
        ("completions", "talk", {"max_tokens": ALLOWED // 16, "prompt": ["Hello there"] * 16}),
        ("completions", "talk", {"max_tokens": ALLOWED // 32, "prompt": ["Hello there"] * 16, "n": 2}),
        ("messages", "talk-lossy", {"max_completion_tokens": 1, "max_tokens": ALLOWED}),
        ("messages", "talk-lossy", {"max_output_tokens": 1, "max_tokens": ALLOWED}),
        ("responses", "talk-lossy", {"max_tokens": 1, "max_output_tokens": ALLOWED}),
    ],
)
async def test_no_parameter_makes_calls_at_once_spend_more_than_the_budget(
    stage: Stage, endpoint: str, route: str, fields: dict[str, Any]
) -> None:
    stage.limit(rule := budget("team", "search", 2 * COST + COST // 2))
    asked = stage.asked(endpoint, "plain", route, "ann", usage=USAGE, **fields)
    replies = await asyncio.gather(*(ask(stage.port, asked) for _ in range(AT_ONCE)))
    await stage.quiet()
    assert sorted({reply.status for reply in replies}) == [200, 429]
    assert stage.taken(rule, "search") == 2 * COST, "two fit, and no more were let through"


async def test_a_limit_of_millions_is_believed(stage: Stage) -> None:
    stage.limit(budget("team", "search", 10**10))  # one cent; ten million tokens are six dollars
    assert (await stage.call("chat", "plain", "talk", max_tokens=10_000_000)).status == 429
