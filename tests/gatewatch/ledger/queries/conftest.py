"""A ledger loaded from an hour of mixed traffic, with the same lines at hand for plain Python to count."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from gatewatch.call import Rejected, line
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.journals import HOUR, MINUTE, NOW, T0, a_call, attempt, closing, opening, records, segment

MODELS = (("openai", "gpt-4o"), ("anthropic", "claude-sonnet-4-5"), ("local", "llama"))
ERRORS = (
    (502, "upstream_timeout", "error"),
    (502, "upstream_truncated", "truncated"),
    (429, "rate_limited", "blocked"),
)


def mixed_traffic(calls: int = 400) -> list[bytes]:
    """Lines of calls over 50 minutes: all statuses, unpriced ones, ones left open, and refused ones only counted."""
    chance = random.Random(7)
    lines = []
    for n in range(calls):
        provider, model = chance.choice(MODELS)
        call = a_call(
            n,
            at_us=T0 + chance.randrange(50 * MINUTE),
            team=chance.choice(["search", "chat", None]),
            user=f"user-{chance.randrange(30)}",
            provider=provider,
            model=model,
            stream=chance.random() < 0.5,
            input_uncached_tokens=chance.randrange(5000),
            input_cache_read_tokens=chance.randrange(3000),
            input_cache_write_5m_tokens=chance.randrange(300),
            output_tokens=chance.randrange(900),
            cost_picos=chance.randrange(10**11),
            latency_us=int(chance.lognormvariate(13.8, 0.9)),
            ttft_us=int(chance.lognormvariate(12.5, 0.7)),
            overhead_us=chance.randrange(200, 3000),
        )
        if model == "llama":
            call.cost_picos, call.cost_basis, call.price_row = None, "unpriced", None
        if chance.random() < 0.15:
            call.http_status, call.error_kind, call.status = chance.choice(ERRORS)
        if call.status == "blocked":
            call.provider = call.model = call.ttft_us = None
            call.latency_us, call.cost_picos, call.cost_basis = 300, 0, "computed"
        lines.append(opening(call) + attempt(call))
        if n % 50 != 49:
            lines.append(closing(call))
    lines.append(
        line("rejected", Rejected(started_at=T0 + MINUTE, source="10.9.9.9", error_kind="invalid_key", count=57))
    )
    return lines


@pytest.fixture(scope="module")
def traffic() -> list[bytes]:
    return mixed_traffic()


@pytest.fixture(scope="module")
def loaded(traffic: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LedgerService]:
    """The service that all read-only tests of a module ask; its clock stands at 11:00."""
    home = Home(tmp_path_factory.mktemp("loaded") / "home").make()
    segment(home, *traffic)
    service = LedgerService(home, clock=lambda: NOW)
    service.load_once()
    yield service
    service.close()


@pytest.fixture(scope="module")
def closes(traffic: list[bytes]) -> list[dict[str, Any]]:
    """What the journal says that the ledger should hold: closed calls, and the estimates of those left open."""
    closed = {record["call_id"]: record for record in records(traffic, "close")}
    left = [record for record in records(traffic, "open") if record["call_id"] not in closed]
    return [*closed.values(), *(record | {"status": "interrupted"} for record in left)]


HOUR_WINDOW = {"since": "2026-11-20T10:00:00Z", "until": "2026-11-20T11:00:00Z"}
assert T0 + HOUR == NOW
