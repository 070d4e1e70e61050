"""Faults that are error replies, and faults that change what a good reply says."""

import re
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from proxy.sandbox.demands import Demands
from proxy.sandbox.faults import NAMES, TWISTS
from proxy.sandbox.openai_manners import OPENAI
from tests.kit.raw_http import RawReply

Chat = Callable[..., Awaitable[RawReply]]

ERRORS = [
    ("fault-400", 400, "invalid_request_error", "context_length_exceeded"),
    ("fault-401", 401, "invalid_request_error", "invalid_api_key"),
    ("fault-402", 402, "insufficient_quota", "insufficient_quota"),
    ("fault-403", 403, "request_forbidden", "unsupported_country_region_territory"),
    ("fault-404", 404, "invalid_request_error", "model_not_found"),
    ("fault-409", 409, "invalid_request_error", "conflict"),
    ("fault-413", 413, "invalid_request_error", "request_too_large"),
    ("fault-422", 422, "invalid_request_error", "unprocessable_entity"),
    ("fault-429", 429, "requests", "rate_limit_exceeded"),
    ("fault-429-quota", 429, "insufficient_quota", "insufficient_quota"),
    ("fault-500", 500, "server_error", None),
    ("fault-503", 503, "server_error", None),
    ("fault-504", 504, "server_error", "timeout"),
    ("fault-529", 529, "overloaded_error", "overloaded"),
]


@pytest.mark.parametrize(("model", "status", "type", "code"), ERRORS)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_an_error_has_its_status_and_openais_shape(
    chat: Chat, model: str, status: int, type: str, code: str | None, stream: bool
) -> None:
    reply = await chat(model, stream=stream)
    assert reply.status == status
    assert reply.headers["content-type"] == "application/json"
    assert reply.json["error"].keys() == {"message", "type", "param", "code"}
    assert (reply.json["error"]["type"], reply.json["error"]["code"]) == (type, code)


async def test_a_rate_limit_says_when_to_come_back_in_one_way_each(chat: Chat) -> None:
    def waits(reply: RawReply) -> dict[str, str]:
        return {name: value for name, value in reply.headers.items() if "retry" in name or "reset" in name}

    assert waits(await chat("fault-429")) == {"retry-after": "1"}
    assert waits(await chat("fault-429-quota")) == {}
    resets = {"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "1s"}
    assert waits(await chat("fault-429-reset")) == resets

    dated = await chat("fault-429-date")
    assert waits(dated).keys() == {"retry-after"}
    wait = parsedate_to_datetime(dated.headers["retry-after"]) - parsedate_to_datetime(dated.headers["date"])
    assert 0 < wait.total_seconds() <= 3


@pytest.mark.parametrize("value", ["30", "1e9", "-5", "soon", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_a_test_dictates_when_to_come_back(chat: Chat, value: str) -> None:
    for fault in ("fault-429", "fault-503", "fault-429-date"):
        reply = await chat(fault, headers={"x-sandbox-retry-after": value})
        assert reply.headers["retry-after"] == value
    reply = await chat("fault-429-reset", headers={"x-sandbox-reset": "6m0s"})
    assert reply.headers["x-ratelimit-reset-requests"] == "6m0s"


async def test_the_ends_of_a_refused_key_are_in_the_error(chat: Chat) -> None:
    reply = await chat("fault-401", headers={"Authorization": "Bearer sk-a-provider-key-of-some-length"})
    assert "sk-a-pro************ngth" in reply.json["error"]["message"]


async def test_a_proxy_in_front_answers_with_a_page(chat: Chat) -> None:
    reply = await chat("fault-502-html")
    assert (reply.status, reply.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert b"502 Bad Gateway" in reply.body


async def test_a_redirect_leads_where_the_test_says_or_where_it_is_seen(chat: Chat) -> None:
    reply = await chat("fault-redirect", headers={"x-sandbox-location": "http://elsewhere.test/x"})
    assert (reply.status, reply.headers["location"]) == (302, "http://elsewhere.test/x")
    reply = await chat("fault-redirect", headers={"Host": "127.0.0.1:9"})
    assert reply.headers["location"] == "http://127.0.0.1:9/__sandbox/redirected"


async def test_usage_may_be_left_out_though_it_was_asked_for(chat: Chat) -> None:
    assert "usage" not in (await chat("fault-no-usage")).json
    stream = await chat("fault-no-usage", stream=True, stream_options={"include_usage": True})
    assert not [event for event in stream.events if event.get("usage")]
    assert stream.frames[-1] == b"data: [DONE]"


async def test_usage_may_be_nonsense(chat: Chat) -> None:
    plain = await chat("fault-bad-usage")
    stream = await chat("fault-bad-usage", stream=True, stream_options={"include_usage": True})
    for usage in (plain.json["usage"], stream.events[-1]["usage"]):
        assert usage["prompt_tokens"] < 0
        assert isinstance(usage["completion_tokens"], str)


async def test_a_reply_may_name_another_model(chat: Chat) -> None:
    assert (await chat("fault-other-model")).json["model"] == "some-other-model"
    named = await chat("fault-other-model", headers={"x-sandbox-model": "gpt-4o-2024-08-06"}, stream=True)
    assert {event["model"] for event in named.events} == {"gpt-4o-2024-08-06"}


async def test_a_stream_may_be_of_very_many_very_small_events(chat: Chat) -> None:
    reply = await chat("fault-tiny-events", stream=True)
    assert len(reply.chunks) == 10_000 + 3  # role, finish reason, [DONE]


def test_a_slow_first_byte_is_slower_than_any_patience_unless_told() -> None:
    assert TWISTS["slow-first-byte"](Demands(), OPENAI).latency_ms == 120_000
    assert TWISTS["slow-first-byte"](Demands(latency_ms=40), OPENAI).latency_ms == 40


async def test_any_model_misbehaves_by_header(chat: Chat) -> None:
    assert (await chat("gpt-4o", headers={"x-sandbox-fault": "fault-503"})).status == 503
    assert (await chat("fault-503", headers={"x-sandbox-fault": "ok"})).status == 200


def test_the_page_for_people_explains_every_fault() -> None:
    page = Path(__file__, "../../../../docs/sandbox.md").resolve().read_text(encoding="utf-8")
    explained: list[Any] = re.findall(r"(?m)^\| `(fault-[a-z0-9-]+)` \|", page)
    assert sorted(explained) == sorted(NAMES)
