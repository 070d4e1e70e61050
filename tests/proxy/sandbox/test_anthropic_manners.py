"""platform.claude.com/docs/en/api/errors, …/rate-limits, …/versioning, …/build-with-claude/streaming#error-events."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest
from anthropic.types.shared import ErrorResponse

from proxy.sandbox.anthropic_manners import ANTHROPIC
from proxy.sandbox.api_error import ApiError
from tests.kit.raw_http import RawReply
from tests.kit.strict_types import assert_fits

Messages = Callable[..., Awaitable[RawReply]]

ERRORS = {
    "fault-400": (400, "invalid_request_error"),
    "fault-401": (401, "authentication_error"),
    "fault-402": (402, "billing_error"),
    "fault-403": (403, "permission_error"),
    "fault-404": (404, "not_found_error"),
    "fault-409": (409, "conflict_error"),
    "fault-413": (413, "request_too_large"),
    "fault-422": (422, "invalid_request_error"),
    "fault-429": (429, "rate_limit_error"),
    "fault-429-date": (429, "rate_limit_error"),
    "fault-429-quota": (429, "rate_limit_error"),
    "fault-429-reset": (429, "rate_limit_error"),
    "fault-500": (500, "api_error"),
    "fault-503": (503, "api_error"),
    "fault-504": (504, "timeout_error"),
    "fault-529": (529, "overloaded_error"),
}
KINDS = ("requests", "tokens", "input-tokens", "output-tokens")
IN_NO_TYPE_OF_THE_SDK = {"conflict_error", "request_too_large"}


@pytest.mark.parametrize("fault", ERRORS)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_an_error_has_its_status_and_its_type(messages: Messages, fault: str, stream: bool) -> None:
    reply = await messages(fault, stream=stream)
    assert (reply.status, reply.json["error"]["type"]) == ERRORS[fault]
    assert reply.json["request_id"] == reply.headers["request-id"]
    if ERRORS[fault][1] not in IN_NO_TYPE_OF_THE_SDK and "details" not in reply.json["error"]:
        assert_fits(reply.json, ErrorResponse)


async def test_a_key_may_come_in_two_ways(messages: Messages) -> None:
    assert (await messages()).status == 200
    assert (await messages(headers={"x-api-key": "", "Authorization": "Bearer k"})).status == 200


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"x-api-key": ""}, "x-api-key header is required"),
        ({"x-api-key": "bad-1"}, "invalid x-api-key"),
        ({"x-api-key": "", "Authorization": "Bearer bad-1"}, "Invalid bearer token"),
        ({"x-api-key": "", "Authorization": "Basic eA=="}, "x-api-key header is required"),
    ],
)
async def test_a_wrong_key_is_an_authentication_error(
    messages: Messages, headers: dict[str, str], message: str
) -> None:
    reply = await messages(headers=headers)
    assert (reply.status, reply.json["error"]) == (401, {"type": "authentication_error", "message": message})


async def test_a_version_must_be_named(messages: Messages) -> None:
    assert (await messages(headers={"anthropic-version": "2026-10-21"})).status == 200
    reply = await messages(headers={"anthropic-version": ""})
    assert (reply.status, reply.json["error"]["message"]) == (400, "anthropic-version: header is required")
    assert (await messages(headers={"anthropic-version": "2026-99-99"})).status == 400


async def test_a_good_reply_says_what_is_left(messages: Messages) -> None:
    headers = (await messages()).headers
    for kind in ("requests", "tokens", "input-tokens", "output-tokens"):
        assert int(headers[f"anthropic-ratelimit-{kind}-remaining"]) <= int(
            headers[f"anthropic-ratelimit-{kind}-limit"]
        )
        assert datetime.fromisoformat(headers[f"anthropic-ratelimit-{kind}-reset"]).utcoffset() is not None
    assert not [name for name in headers if name.startswith(("x-ratelimit", "openai"))]


async def test_a_rate_limit_says_when_to_come_back_in_one_way_each(messages: Messages) -> None:
    def waits(reply: RawReply) -> set[str]:
        return {name for name in reply.headers if "retry" in name or "reset" in name}

    assert (await messages("fault-429")).headers["retry-after"] == "1"
    assert waits(await messages("fault-429")) == {"retry-after"}
    assert waits(await messages("fault-429-quota")) == set()
    spent = (await messages("fault-429-quota")).json["error"]
    assert spent["details"] == {"error_code": "enforced_spend_limit_reached"}
    resets = await messages("fault-429-reset")
    assert waits(resets) == {f"anthropic-ratelimit-{kind}-reset" for kind in KINDS}
    reset = datetime.fromisoformat(resets.headers["anthropic-ratelimit-requests-reset"])
    assert reset.strftime("%Y-%m-%dT%H:%M:%SZ") == resets.headers["anthropic-ratelimit-requests-reset"]
    told = await messages("fault-429-reset", headers={"x-sandbox-reset": "soon"})
    assert told.headers["anthropic-ratelimit-requests-reset"] == "soon"


async def test_an_error_event_ends_a_stream_that_had_begun(messages: Messages) -> None:
    reply = await messages("fault-error-event", stream=True)
    assert reply.status == 200
    assert [event["type"] for event in reply.events] == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "error",
    ]
    assert reply.frames[-1].startswith(b"event: error\ndata: ")
    assert reply.events[-1]["error"] == {"type": "overloaded_error", "message": "Overloaded"}


async def test_an_error_in_a_reply_with_status_200(messages: Messages) -> None:
    reply = await messages("fault-200-error")
    assert (reply.status, reply.json["type"], reply.json["error"]["type"]) == (200, "error", "api_error")


async def test_a_stream_may_end_cleanly_but_too_soon(messages: Messages) -> None:
    reply = await messages("fault-no-done", stream=True)
    kinds = [event["type"] for event in reply.events]
    assert reply.ended == "chunks"
    assert kinds[0] == "message_start"
    assert not {"message_delta", "message_stop"} & set(kinds)


async def test_usage_may_be_left_out_or_be_nonsense(messages: Messages) -> None:
    assert "usage" not in (await messages("fault-no-usage")).json
    without = await messages("fault-no-usage", stream=True)
    assert b'"usage"' not in without.body
    assert without.events[-1] == {"type": "message_stop"}
    assert (await messages("fault-bad-usage")).json["usage"]["input_tokens"] < 0
    assert isinstance((await messages("fault-bad-usage", stream=True)).events[-2]["usage"]["output_tokens"], str)


async def test_frames_may_be_broken_long_or_half(messages: Messages) -> None:
    half = await messages("fault-half-frame", stream=True)
    assert not half.body.endswith(b"\n\n")
    bad = await messages("fault-bad-json", stream=True)
    broken = [frame for frame in bad.frames if not parses(frame)]
    assert broken == [bad.frames[4]]
    long = await messages("fault-long-line", headers={"x-sandbox-bytes": "200000"}, stream=True)
    assert max(len(line) for line in long.body.split(b"\n")) > 199_000
    assert long.events[-1] == {"type": "message_stop"}
    returns = await messages("fault-crlf", stream=True)
    assert returns.body.count(b"\n") == returns.body.count(b"\r\n")


def parses(frame: bytes) -> bool:
    try:
        json.loads(frame.partition(b"\ndata: ")[2])
    except ValueError:
        return False
    return True


async def test_a_huge_stream_is_many_good_deltas(messages: Messages) -> None:
    reply = await messages("fault-huge", headers={"x-sandbox-bytes": "200000"}, stream=True)
    assert 200_000 < len(reply.body) < 300_000
    assert reply.events[-1] == {"type": "message_stop"}


async def test_what_is_not_there_is_refused_as_anthropic_refuses_it(messages: Messages) -> None:
    reply = await messages(path="/v1/messages/nothing")
    assert (reply.status, reply.json["error"]["type"]) == (404, "not_found_error")


def test_an_unforeseen_status_is_an_api_error() -> None:
    assert ANTHROPIC.error_object(ApiError(502, "No."))["type"] == "api_error"
