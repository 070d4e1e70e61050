import asyncio
from typing import Any

import anthropic
import openai
import pytest

from proxy.refusal import Refusal, budget_exceeded, key_revoked, upstream
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.shaping.last_resort import is_of_targets
from tests.kit.shaping_stage import Shaped

TEXT = "We are out of order, and will be back soon."
HI: list[Any] = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("failure", "is_theirs"),
    [
        (upstream(502, "upstream_unreachable", "x"), True),
        (upstream(504, "upstream_timeout", "x"), True),
        (upstream(429, "upstream_rate_limited", "x"), True),
        (upstream(502, "upstream_auth", "x"), True),
        (UpstreamFailed("upstream_truncated", "x"), True),
        (Refusal(400, "upstream_refused", "x"), False),
        (Refusal(404, "model_not_found", "x"), False),
        (budget_exceeded("tokens"), False),
        (Refusal(429, "rate_limit_exceeded", "x"), False),
        (key_revoked(), False),
    ],
)
def test_only_what_another_target_could_have_mended_leads_there(
    failure: Refusal | UpstreamFailed, is_theirs: bool
) -> None:
    assert is_of_targets(failure) is is_theirs


def out_of_order(stage: Shaped) -> str:
    """The gateway's address, with a route whose target fails and which has a stored reply."""
    stage.route("openai/gpt-4o-mini", stored_reply=TEXT)
    stage.fails("openai")
    return f"http://127.0.0.1:{stage.port}"


@pytest.mark.parametrize("generation", ["chat", "completions", "responses", "messages"])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_stored_reply_is_an_answer_to_the_official_clients(
    stage: Shaped, generation: str, stream: bool
) -> None:
    url = out_of_order(stage)
    ask = {"chat": _chat, "completions": _completions, "responses": _responses, "messages": _messages}[generation]
    text, used, degraded = await ask(url, stage.secret, stream)
    assert (text, used, degraded) == (TEXT, 0, "stored_reply")
    await stage.quiet()
    (row,) = stage.rows()
    assert (row["status"], row["http_status"], row["degraded"]) == ("ok", 200, "stored_reply")
    assert row.get("cost_picos", 0) == 0
    assert row.get("input_uncached_tokens", 0) == row.get("output_tokens", 0) == 0
    assert (row["attempts"], row.get("provider"), row.get("error_kind")) == (1, None, None)


async def _chat(url: str, key: str, stream: bool) -> tuple[str, int, str]:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:
        create = client.chat.completions.with_raw_response.create
        if not stream:
            raw = await create(model="talk", messages=HI)
            said = raw.parse()
            assert said.usage
            assert said.choices[0].finish_reason == "stop"
            return said.choices[0].message.content or "", said.usage.total_tokens, raw.headers["x-gatewatch-degraded"]
        raws = await create(model="talk", messages=HI, stream=True, stream_options={"include_usage": True})
        chunks = [chunk async for chunk in raws.parse()]
        assert chunks[-1].usage
        assert "stop" in [each.finish_reason for chunk in chunks for each in chunk.choices]
        text = "".join(each.delta.content or "" for chunk in chunks for each in chunk.choices)
        return text, chunks[-1].usage.total_tokens, raws.headers["x-gatewatch-degraded"]


async def _completions(url: str, key: str, stream: bool) -> tuple[str, int, str]:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:
        create = client.completions.with_raw_response.create
        if not stream:
            raw = await create(model="talk", prompt="hi")
            said = raw.parse()
            assert said.usage
            return said.choices[0].text, said.usage.total_tokens, raw.headers["x-gatewatch-degraded"]
        raws = await create(model="talk", prompt="hi", stream=True)
        text = "".join([each.text async for chunk in raws.parse() for each in chunk.choices])
        return text, 0, raws.headers["x-gatewatch-degraded"]


async def _responses(url: str, key: str, stream: bool) -> tuple[str, int, str]:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:
        create = client.responses.with_raw_response.create
        if not stream:
            raw = await create(model="talk", input="hi")
            said = raw.parse()
            assert said.usage
            return said.output_text, said.usage.total_tokens, raw.headers["x-gatewatch-degraded"]
        raws = await create(model="talk", input="hi", stream=True)
        events = [event async for event in raws.parse()]
        last = events[-1]
        assert last.type == "response.completed"
        assert last.response.usage
        return last.response.output_text, last.response.usage.total_tokens, raws.headers["x-gatewatch-degraded"]


async def _messages(url: str, key: str, stream: bool) -> tuple[str, int, str]:
    async with anthropic.AsyncAnthropic(base_url=url, api_key=key, max_retries=0) as client:
        if not stream:
            raw = await client.messages.with_raw_response.create(model="talk", max_tokens=50, messages=HI)
            said = await raw.parse()
            assert said.stop_reason == "end_turn"
            used = said.usage.input_tokens + said.usage.output_tokens
            return said.content[0].text, used, raw.headers["x-gatewatch-degraded"]  # type: ignore[union-attr]
        async with client.messages.stream(model="talk", max_tokens=50, messages=HI) as running:
            message = await running.get_final_message()
            used = message.usage.input_tokens + message.usage.output_tokens
            return await running.get_final_text(), used, running.response.headers["x-gatewatch-degraded"]


async def test_it_names_no_provider_that_has_not_answered(stage: Shaped) -> None:
    out_of_order(stage)
    reply = await stage.say("chat", {"messages": HI})
    assert {"x-gatewatch-provider", "x-gatewatch-model"}.isdisjoint(reply.headers)
    assert (reply.headers["x-gatewatch-attempts"], reply.headers["x-gatewatch-cost-usd"]) == ("1", "0")
    (tried,) = stage.tries(reply)
    assert (tried["provider"], tried["http_status"], tried["error_kind"]) == ("openai", 500, "upstream_error")


async def test_who_wants_json_gets_the_failure_instead(stage: Shaped) -> None:
    out_of_order(stage)
    reply = await stage.say("chat", {"messages": HI, "response_format": {"type": "json_object"}})
    assert (reply.status, reply.json["error"]["code"]) == (502, "upstream_error")
    assert "degraded" not in stage.row(reply)
    assert "x-gatewatch-degraded" not in reply.headers


async def test_the_requests_own_fault_is_not_answered_by_a_text(stage: Shaped) -> None:
    stage.route("openai/gpt-4o-mini", stored_reply=TEXT)
    stage.fails("openai", 400, {"message": "bad", "type": "invalid_request_error", "code": "invalid_value"})
    assert (await stage.say("chat", {"messages": HI})).status == 400


async def test_what_a_lost_try_may_have_cost_stays_in_the_row(stage: Shaped) -> None:
    """A provider that takes the request and says nothing may charge for it."""
    stage.answers["openai"] = lambda _: (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"
    )
    deadlines = stage.gateway.settings.deadlines
    hasty = type(deadlines)(connect=5, first_byte=0.2, idle=0.2, total=20)
    stage.route("openai/gpt-4o-mini", stored_reply=TEXT, deadlines=hasty)
    reply = await stage.say("chat", {"messages": HI, "max_tokens": 100})
    row = stage.row(reply)
    assert (reply.status, row["degraded"], row["cost_basis"]) == (200, "stored_reply", "estimated")
    assert row["cost_picos"] >= 100 * 600_000, "100 tokens of gpt-4o-mini, at 0.60 USD per million"


async def test_a_caller_that_has_left_is_not_answered(stage: Shaped) -> None:
    stage.route("openai/gpt-4o-mini", stored_reply=TEXT)
    heard = asyncio.Event()

    def silent(_: object) -> bytes:
        heard.set()
        return b""

    stage.answers["openai"] = silent
    running = asyncio.create_task(stage.say("chat", {"messages": HI}))
    await heard.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await stage.quiet()
    (row,) = stage.rows()
    assert (row["status"], row.get("degraded")) == ("client_closed", None)
