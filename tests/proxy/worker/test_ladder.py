"""The rungs of a call, over sockets: its targets, a short answer, a stored reply."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gatewatch.control.store import ControlStore
from gatewatch.money import picos_from_usd
from proxy.routing import ShortAnswer, Target
from tests.kit.limit_stage import budget
from tests.kit.provider_voices import OPENAI
from tests.kit.scripted_upstream import LAST_CHUNK, STREAM_HEAD, chunk, http
from tests.kit.shaping_stage import Shaped, shaping_stage

TEXT = "We are out of order, and will be back soon."
HI: list[Any] = [{"role": "user", "content": "hi"}]
ASKED: dict[str, dict[str, Any]] = {
    "chat": {"messages": HI},
    "completions": {"prompt": "hi"},
    "responses": {"input": "hi"},
    "messages": {"messages": HI, "max_tokens": 900},
}
SHORT = ShortAnswer(target=Target(provider="small", model="gpt-4.1-nano"), max_tokens=200, hint="Answer briefly.")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Shaped]:
    async with shaping_stage(tmp_path / "home") as running:
        running.route("openai/gpt-4o-mini", "claude/claude-sonnet-4-5", short_answer=SHORT, stored_reply=TEXT)
        yield running


def all_fail(stage: Shaped, status: int = 500) -> None:
    stage.fails("openai", status)
    stage.fails("claude", status)


@pytest.mark.parametrize("endpoint", ["chat", "responses", "messages"])
async def test_when_no_target_answers_a_small_model_is_asked_once_for_a_short_answer(
    stage: Shaped, endpoint: str
) -> None:
    all_fail(stage)
    reply = await stage.say(endpoint, ASKED[endpoint])
    assert (reply.status, reply.headers["x-gatewatch-degraded"]) == (200, "short_answer")
    assert (reply.headers["x-gatewatch-provider"], reply.headers["x-gatewatch-attempts"]) == ("small", "3")
    (sent,) = stage.heard["small"]
    assert (sent["model"], sent["max_completion_tokens"]) == ("gpt-4.1-nano", 200)
    assert sent["messages"] == [{"role": "system", "content": "Answer briefly."}, {"role": "user", "content": "hi"}]
    row = stage.row(reply)
    assert (row["status"], row["degraded"], row["attempts"], row["model"]) == ("ok", "short_answer", 3, "gpt-4.1-nano")
    tried = [(each["provider"], each.get("status", "ok"), each.get("error_kind")) for each in stage.tries(reply)]
    failed = [(name, "error", "upstream_error") for name in ("openai", "claude")]
    assert tried == [*failed, ("small", "ok", None)]


async def test_completions_have_a_short_answer_too(stage: Shaped) -> None:
    stage.route("openai/gpt-3.5-turbo-instruct", short_answer=SHORT)
    stage.fails("openai")
    await stage.say("completions", ASKED["completions"])
    (sent,) = stage.heard["small"]
    assert (sent["prompt"], sent["max_tokens"]) == ("Answer briefly.\n\nhi", 200)


async def test_a_call_that_is_answered_knows_nothing_of_further_rungs(stage: Shaped) -> None:
    stage.fails("openai")
    reply = await stage.say("chat", ASKED["chat"])
    assert (reply.status, reply.headers["x-gatewatch-provider"]) == (200, "claude")
    assert "x-gatewatch-degraded" not in reply.headers
    assert "degraded" not in stage.row(reply)
    assert not stage.heard["small"]


async def test_a_short_answer_is_streamed_to_who_streams(stage: Shaped) -> None:
    all_fail(stage)
    events = OPENAI.stream("Hel", "lo")
    stage.answers["small"] = lambda _: STREAM_HEAD + chunk(events) + LAST_CHUNK
    reply = await stage.say("chat", ASKED["chat"] | {"stream": True})
    assert reply.headers["x-gatewatch-degraded"] == "short_answer"
    text = "".join(each["choices"][0]["delta"].get("content", "") for each in reply.events if each["choices"])
    assert text == "Hello"


@pytest.mark.parametrize("status", [429, 500, 503, 529, 401])
async def test_whatever_ails_the_targets_leads_on_as_far_as_it_has_to(stage: Shaped, status: int) -> None:
    all_fail(stage, status)
    stage.fails("small", status)
    reply = await stage.say("chat", ASKED["chat"])
    assert (reply.status, reply.headers["x-gatewatch-degraded"]) == (200, "stored_reply")
    assert reply.json["choices"][0]["message"]["content"] == TEXT
    assert len(stage.heard["small"]) == 1, "once"


async def test_when_all_fails_the_caller_is_told_of_the_targets_failure(stage: Shaped) -> None:
    stage.route("openai/gpt-4o-mini", short_answer=SHORT)
    stage.fails("openai", 503, {"message": "the big one is busy"})
    stage.fails("small", 500, {"message": "the small one is broken"})
    reply = await stage.say("chat", ASKED["chat"])
    assert (reply.status, reply.json["error"]["code"]) == (503, "upstream_overloaded")
    row = stage.row(reply)
    assert (row["status"], row["model"], row.get("degraded")) == ("error", "gpt-4o-mini", None)
    assert stage.tries(reply)[-1]["error_message"] == "the small one is broken"
    assert row.get("cost_picos", 0) == 0


@pytest.mark.parametrize("status", [400, 404, 413, 422])
async def test_a_fault_of_the_request_is_its_answer(stage: Shaped, status: int) -> None:
    all_fail(stage, status)
    assert (await stage.say("chat", ASKED["chat"])).status == status
    assert not stage.heard["small"]


async def test_what_a_call_must_keep_to_holds_for_the_small_model(stage: Shaped) -> None:
    stage.change("openai", region="eu")
    stage.route("openai/gpt-4o-mini", region="eu", short_answer=SHORT, stored_reply=TEXT)
    stage.fails("openai")
    reply = await stage.say("chat", ASKED["chat"])
    assert reply.headers["x-gatewatch-degraded"] == "stored_reply", "a text of the operator's leaves nothing"
    assert stage.row(reply)["passed_over"] == [["small/gpt-4.1-nano", "not in the region eu"]]
    assert not stage.heard["small"]


async def test_a_callers_own_limit_leads_to_no_further_rung(stage: Shaped) -> None:
    stage.limit(budget("team", "search", 1))
    reply = await stage.say("chat", ASKED["chat"])
    assert (reply.status, reply.json["error"]["code"]) == (429, "budget_exceeded")
    assert not stage.heard


async def test_a_budget_holds_for_the_small_model_too(stage: Shaped) -> None:
    """The target is cheaper than the small model here, so that there is room for it alone."""
    dear = ShortAnswer(target=Target(provider="small", model="gpt-4"), max_tokens=200, hint="Answer briefly.")
    stage.route("openai/gpt-4.1-nano", short_answer=dear, stored_reply=TEXT)
    stage.fails("openai")
    stage.limit(budget("team", "search", picos_from_usd("0.005")))
    reply = await stage.say("chat", ASKED["chat"] | {"max_tokens": 200})
    assert reply.headers["x-gatewatch-degraded"] == "stored_reply", "200 tokens of gpt-4 are 0.012 USD"
    assert not stage.heard["small"]
    assert stage.counters.held() == {}


async def test_an_allowance_of_the_key_holds_for_the_small_model_too(stage: Shaped) -> None:
    dear = ShortAnswer(target=Target(provider="small", model="gpt-4"), max_tokens=200, hint="Answer briefly.")
    stage.route("openai/gpt-4.1-nano", short_answer=dear, stored_reply=TEXT)
    stage.fails("openai")
    with ControlStore.open(stage.home.control) as store:
        store.edit_key(stage.key_id, {"max_picos": picos_from_usd("0.005")})
    reply = await stage.say("chat", ASKED["chat"] | {"max_tokens": 200})
    assert reply.headers["x-gatewatch-degraded"] == "stored_reply"
    assert stage.row(reply)["passed_over"] == [["small/gpt-4", "budget_exceeded"]]
    assert not stage.heard["small"]


async def test_what_a_silent_target_may_have_cost_is_added_to_the_short_answers_cost(stage: Shaped) -> None:
    half = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"
    stage.answers["openai"] = lambda _: half
    deadlines = stage.gateway.settings.deadlines
    hasty = type(deadlines)(connect=5, first_byte=0.2, idle=0.2, total=20)
    stage.route("openai/gpt-4o-mini", short_answer=SHORT, deadlines=hasty)
    reply = await stage.say("chat", ASKED["chat"] | {"max_tokens": 100})
    row = stage.row(reply)
    assert (row["degraded"], row["cost_basis"]) == ("short_answer", "estimated")
    assert row["cost_picos"] > 100 * 600_000, "100 tokens of gpt-4o-mini, at 0.60 USD per million, and the answer"


async def test_the_deadline_of_the_call_holds_over_all_rungs(stage: Shaped) -> None:
    """The target is silent until nothing is left of the call's time: no model is asked, and the text is there."""
    stage.answers["openai"] = lambda _: b""
    deadlines = type(stage.gateway.settings.deadlines)(connect=0.3, first_byte=0.3, idle=0.3, total=0.3)
    stage.route("openai/gpt-4o-mini", short_answer=SHORT, stored_reply=TEXT, deadlines=deadlines)
    reply = await stage.say("chat", ASKED["chat"])
    assert reply.headers["x-gatewatch-degraded"] == "stored_reply"
    assert not stage.heard["small"]


async def test_a_stream_that_has_begun_is_never_answered_anew(stage: Shaped) -> None:
    cut = STREAM_HEAD + chunk(OPENAI.begin() + OPENAI.piece("Hel"))
    stage.answers["openai"] = lambda _: cut + b"zz\r\n"
    reply = await stage.say("chat", ASKED["chat"] | {"stream": True})
    assert b"Hel" in reply.body
    assert TEXT.encode() not in reply.body
    assert "error" in reply.events[-1]
    assert stage.row(reply)["status"] == "truncated"


async def test_what_was_asked_of_the_small_model_is_not_what_a_text_answers(stage: Shaped) -> None:
    """The stored reply of Responses tells the caller's own request back, not the one with the hint."""
    all_fail(stage)
    stage.fails("small")
    said = (await stage.say("responses", {"input": "hi", "instructions": "Be kind."})).json
    assert said["instructions"] == "Be kind."


async def test_embeddings_and_counts_have_no_last_resort(stage: Shaped) -> None:
    stage.answers["openai"] = lambda _: http(500, json.dumps({"error": {"message": "x"}}).encode())
    stage.route("openai/text-embedding-3-small", short_answer=SHORT, stored_reply=TEXT)
    reply = await stage.say("embeddings", {"input": "hi"})
    assert reply.status == 502
    assert not stage.heard["small"]


async def test_what_a_provider_says_under_a_good_status_has_cost_nothing(stage: Shaped) -> None:
    """gpt-4.1-nano: 0.10 and 0.40 USD per million tokens, 10 in and 2 out."""
    inside = json.dumps({"error": {"message": "overloaded", "type": "server_error", "code": "server_error"}}).encode()
    stage.route("openai/gpt-4o-mini", short_answer=SHORT)
    stage.answers["openai"] = lambda _: http(200, inside)
    reply = await stage.say("chat", ASKED["chat"])
    row = stage.row(reply)
    assert (reply.status, row["degraded"], row["cost_picos"]) == (200, "short_answer", 10 * 100_000 + 2 * 400_000)


async def test_too_long_said_under_a_good_status_leads_to_the_targets_for_long_calls(stage: Shaped) -> None:
    """As OpenRouter says it once the model behind it has been asked. gpt-4.1: 2 and 8 USD per million tokens."""
    said = {"message": "maximum context length is 8192", "code": "context_length_exceeded", "type": "x"}
    inside = json.dumps({"error": said}).encode()
    stage.route("small/gpt-4", context_window=("openai/gpt-4.1",))
    stage.answers["small"] = lambda _: http(200, inside)
    reply = await stage.say("chat", ASKED["chat"])
    row = stage.row(reply)
    assert (reply.status, row["model"], row["cost_picos"]) == (200, "gpt-4.1", 10 * 2_000_000 + 2 * 8_000_000)
