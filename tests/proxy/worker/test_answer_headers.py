"""The headers of a reply name the call, where it went and what it cost."""

from collections.abc import Callable

from gatewatch.call import Attempt
from proxy.worker.answer_headers import (
    closing_comment,
    id_headers,
    late_comment,
    opening_headers,
    plain_headers,
    stream_headers,
    tried_headers,
)
from proxy.worker.endpoints import ENDPOINTS
from proxy.worker.inbound import Inbound


def answered(inbound: Callable[..., Inbound], cost_picos: int | None = 5_615_000_000) -> Inbound:
    made = inbound()
    made.call.provider, made.call.model, made.call.cost_picos = "openai", "gpt-4o", cost_picos
    return made


async def test_a_plain_reply_names_call_provider_model_attempts_overhead_and_exact_cost(
    inbound: Callable[..., Inbound],
) -> None:
    made = answered(inbound)
    headers = dict(plain_headers(made, priced=True))
    assert headers[b"x-request-id"] == headers[b"x-gatewatch-call-id"] == made.call.call_id.encode()
    assert headers[b"x-gatewatch-provider"] == b"openai"
    assert headers[b"x-gatewatch-model"] == b"gpt-4o"
    assert headers[b"x-gatewatch-attempts"] == b"0"
    assert headers[b"x-gatewatch-cost-usd"] == b"0.005615"
    assert float(headers[b"x-gatewatch-overhead-ms"]) >= 0


async def test_an_unknown_price_is_said_in_words(inbound: Callable[..., Inbound]) -> None:
    made = answered(inbound, cost_picos=None)
    assert dict(plain_headers(made, priced=True))[b"x-gatewatch-cost-usd"] == b"unpriced"
    assert closing_comment(made).endswith(b"cost_usd=unpriced\n\n")


async def test_headers_whose_mechanism_does_not_exist_or_is_not_known_yet_are_absent(
    inbound: Callable[..., Inbound],
) -> None:
    for headers in (plain_headers(answered(inbound), priced=False), stream_headers(answered(inbound))):
        names = {name for name, _ in headers}
        assert b"x-gatewatch-cost-usd" not in names
        assert b"x-gatewatch-cache" not in names
        assert not any(name.startswith(b"x-ratelimit") for name in names)


async def test_a_name_that_no_header_can_carry_does_not_split_it(inbound: Callable[..., Inbound]) -> None:
    made = answered(inbound)
    made.call.model = "gpt\r\nset-cookie: x\N{SNOWMAN}"
    assert dict(stream_headers(made))[b"x-gatewatch-model"] == b"gpt??set-cookie: x?"


async def test_an_error_names_the_provider_that_was_asked_last_and_none_where_none_was(
    inbound: Callable[..., Inbound],
) -> None:
    made = answered(inbound)
    assert tried_headers(made) == [], "the call was refused before any provider was asked"
    for n, provider in enumerate(("first", "second"), 1):
        made.attempts.append(Attempt(call_id="x", started_at=0, n=n, provider=provider, model="m\r\n"))
    assert dict(tried_headers(made)) == {
        b"x-gatewatch-provider": b"second",
        b"x-gatewatch-model": b"m??",
        b"x-gatewatch-attempts": b"2",
    }


async def test_every_answer_carries_the_call_id(inbound: Callable[..., Inbound]) -> None:
    made = inbound()
    assert {value for _, value in id_headers(made)} == {made.call.call_id.encode()}


async def test_anthropics_sdks_find_the_call_id_where_they_look_for_it(inbound: Callable[..., Inbound]) -> None:
    """`response.headers.get("request-id")`: `_exceptions.py`, `lib/streaming/_messages.py` of their Python SDK."""
    made = inbound()
    assert b"request-id" not in dict(id_headers(made))
    made.caller = ENDPOINTS["/v1/messages"].caller
    assert dict(id_headers(made))[b"request-id"] == made.call.call_id.encode()


async def test_what_is_not_known_when_a_stream_opens_is_told_by_a_comment_later(
    inbound: Callable[..., Inbound],
) -> None:
    made = answered(inbound)
    made.call.model = "gpt\r\ndata: x"
    opened, whole = dict(opening_headers(made)), dict(stream_headers(made))
    assert opened[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert opened[b"x-gatewatch-call-id"] == made.call.call_id.encode()
    lines = late_comment(made).removesuffix(b"\n\n").split(b"\n")
    assert all(line.startswith(b": x-gatewatch-") for line in lines), "no line of them is an event"
    later = dict(line.removeprefix(b": ").split(b": ", 1) for line in lines)
    assert later[b"x-gatewatch-provider"] == b"openai"
    assert opened.keys() | later.keys() == whole.keys()
    assert not opened.keys() & later.keys()
