"""One call, with all that is known about it."""

import pytest

from gatewatch.errors import UsageError
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.journals import T0, a_call, attempt, call_id, closing, segment


def test_a_call_comes_with_its_attempts_in_order(home: Home, service: LedgerService) -> None:
    call = a_call(
        0,
        attempts=2,
        usage={"prompt_tokens": 100, "details": {"cached": 7}},
        finish_reason="stop",
        client_retry=1,
        key_version=2,
    )
    second = attempt(call, 2, connect_us=900, first_byte_us=1234, upstream_request_id="req_2")
    first = attempt(call, 1, status="error", http_status=503, error_kind="upstream_error", error_message="overloaded")
    segment(home, second, first, closing(call), attempt(a_call(1)), closing(a_call(1)))
    service.load_once()
    (row,) = service.ask("call", call_id=call.call_id.upper()).rows
    assert row["call_id"] == call.call_id
    assert row["ended_at"] == "2026-11-20T10:00:01.500000Z"
    assert row["usage"] == {"prompt_tokens": 100, "details": {"cached": 7}}
    assert (row["finish_reason"], row["client_retry"], row["upstream_ms"]) == ("stop", 1, 1499.0)
    assert row["key_version"] == 2
    assert [each["n"] for each in row["attempts_detail"]] == [1, 2]
    assert row["attempts_detail"][0] == {
        "started_at": "2026-11-20T10:00:00.000500Z", "n": 1, "provider": "openai", "model": "gpt-4o",
        "provider_key": None, "status": "error", "http_status": 503, "error_kind": "upstream_error",
        "error_message": "overloaded", "upstream_request_id": None, "connect_ms": None, "first_byte_ms": None,
        "latency_ms": 1499.0,
    }  # fmt: skip
    assert row["attempts_detail"][1]["connect_ms"] == 0.9


def test_a_call_is_found_though_the_clock_was_set_meanwhile(home: Home, service: LedgerService) -> None:
    call = a_call(0)
    call.started_at += 30_000_000
    segment(home, closing(call))
    service.load_once()
    assert len(service.ask("call", call_id=call.call_id).rows) == 1


def test_an_unknown_call_has_no_row(service: LedgerService) -> None:
    assert service.ask("call", call_id=call_id(T0)).rows == []


@pytest.mark.parametrize("text", ["", "x", "' OR 1=1", "00000000-0000-4000-8000-000000000000"])
def test_what_is_no_call_id_is_a_usage_error(service: LedgerService, text: str) -> None:
    with pytest.raises(UsageError):
        service.ask("call", call_id=text)
