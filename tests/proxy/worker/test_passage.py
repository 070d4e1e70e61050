"""Which way a call takes to each of its targets: straight or translated, with what the route adds and leaves out.

Through a whole worker; the requests are looked at where they arrive.
"""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from gatewatch.providers.quirks import Quirks
from proxy.settings import Caps, Provider, Route, Target, Way
from proxy.worker.channel import Channel, Upstream
from proxy.worker.counted import CountedPassage
from proxy.worker.embedded import EmbeddedPassage
from proxy.worker.passage import passage_to
from proxy.worker.straight import StraightPassage
from proxy.worker.straight_chat import StraightChat
from proxy.worker.translated import TranslatedPassage
from tests.kit.dialect_worker import CALLERS, DIALECTS, PATIENT, asked, by_provider, dialect_worker, route
from tests.kit.provider_streams import said
from tests.kit.raw_http import RawReply, ask
from tests.kit.scripted_upstream import LAST_CHUNK, STREAM_HEAD, ScriptedUpstream, chunk, http
from tests.kit.taps import CALLERS as CALLER_DIALECTS
from tests.kit.worker_process import Worker
from tests.proxy.worker.conftest import Serve

QUIRKS = {
    "responses": Quirks(
        opt_out={"openai-responses": {"store": False, "metadata": {"retention": "none"}}},
        opt_out_headers={"x-no-training": "yes"},
        zero_retention={"openai-responses": {"zdr": True}},
    ),
}
ROUTES = (
    route("chat-then-messages", "chat", "messages"),
    route("messages-then-chat", "messages", "chat"),
    route("gemini-then-chat", "gemini", "chat"),
    route("chat-then-gemini-then-messages", "chat", "gemini", "messages"),
    route("only-messages", "messages"),
    route("all", "chat", "responses", "messages", "gemini", "bedrock"),
    route("lenient", "chat", "messages", drop_params=True),
    Route(name="openai", targets=(Target(provider="openai", model="gpt-4o-mini"),), deadlines=PATIENT),
    Route(
        name="lenient-openai",
        targets=(Target(provider="openai", model="gpt-4o-mini"),),
        deadlines=PATIENT,
        drop_params=True,
    ),
    route("private", "responses", opt_out=True),
    route("kept-nowhere", "responses", opt_out=True, zero_retention=True),
)
DOWN = http(503, b'{"error":{"message":"down"}}')


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    several = {"openai": ("responses", "chat")}
    with dialect_worker(
        tmp_path_factory.mktemp("worker"), listening, *ROUTES, quirks=QUIRKS, several=several
    ) as worker:
        yield worker


def good(provider: str) -> bytes:
    return http(200, said(DIALECTS[provider][0], "Hello").plain)


def streamed(provider: str) -> bytes:
    frames = said(DIALECTS[provider][0], "Hello").frames
    return STREAM_HEAD + b"".join(map(chunk, frames)) + LAST_CHUNK


class Went(dict[str, Any]):
    """The bodies that arrived, by provider, in their order."""


async def went(upstream: ScriptedUpstream) -> Went:
    requests = sorted(upstream.requests, key=lambda each: list(DIALECTS).index(each.line.split()[1].split("/")[1]))
    return Went({each.line.split()[1].split("/")[1]: each.json for each in requests})


def text_of(endpoint: str, reply: RawReply) -> str:
    said = reply.json
    if endpoint == "chat":
        return str(said["choices"][0]["message"]["content"])
    if endpoint == "completions":
        return str(said["choices"][0]["text"])
    if endpoint == "messages":
        return "".join(block["text"] for block in said["content"])
    return "".join(part["text"] for item in said["output"] for part in item["content"])


# the way


def a_channel(dialect: str) -> Channel:
    ways = (Way(dialect=dialect, base_url="http://127.0.0.1:1"),)
    return Upstream(Provider(name="p", ways=ways, keys=(), price_provider="p"), "agent").channels[0]


@pytest.mark.parametrize(
    ("endpoint", "dialect", "kind"),
    [
        ("chat", "openai-chat", StraightChat),
        ("completions", "openai-chat", StraightChat),
        ("embeddings", "openai-chat", StraightChat),
        ("responses", "openai-responses", StraightPassage),
        ("messages", "anthropic-messages", StraightPassage),
        ("chat", "anthropic-messages", TranslatedPassage),
        ("messages", "gemini", TranslatedPassage),
        ("completions", "openai-responses", TranslatedPassage),
        ("responses", "bedrock-converse", TranslatedPassage),
        ("embeddings", "gemini", EmbeddedPassage),
        ("count_tokens", "anthropic-messages", CountedPassage),
        ("count_tokens", "gemini", CountedPassage),
    ],
)
async def test_the_same_dialect_passes_straight(inbound: Any, endpoint: str, dialect: str, kind: type) -> None:
    call = inbound()
    call.call.endpoint = endpoint
    call.caller = CALLER_DIALECTS[endpoint]
    call.body = {"model": "m"} | CALLERS[endpoint][1]
    passage = passage_to(a_channel(dialect), Target(provider="p", model="m-1"), route("r", "chat"), call)
    assert type(passage) is kind
    assert passage.request
    assert passage.held_bytes(Caps()) in (Caps().held_reply_bytes, Caps().reply_bytes)


# a provider of several dialects


@pytest.mark.parametrize("name", ["openai", "lenient-openai"])
@pytest.mark.parametrize(
    ("said", "way"),
    [
        ({}, "responses"),
        ({"stop_sequences": ["END"]}, "chat"),
        ({"stop_sequences": ["END"], "stream": True}, "chat"),
    ],
)
async def test_of_a_providers_dialects_the_first_that_can_be_told_all_of_it_is_taken(
    worker: Worker, serve: Serve, name: str, said: dict[str, Any], way: str
) -> None:
    """Responses knows no stop sequences, Chat does (platform.openai.com/docs/api-reference)."""
    answer = streamed if said.get("stream") else good
    async with serve(by_provider(**{way: answer(way)})) as upstream:
        reply = await ask(worker.port, asked(worker, "messages", name, **said))
        sent = await went(upstream)
    assert (reply.status, list(sent)) == (200, [way])
    assert sent[way].get("stop") == said.get("stop_sequences")
    assert "x-gatewatch-dropped-params" not in reply.headers
    row = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
    assert row["dialect"] == DIALECTS[way][0]


async def test_what_none_of_a_providers_dialects_can_be_told_is_the_best_ones_loss(
    worker: Worker, serve: Serve
) -> None:
    async with serve(by_provider(responses=good("responses"))) as upstream:
        refused = await ask(worker.port, asked(worker, "messages", "openai", top_k=5, stop_sequences=["END"]))
        dropped = await ask(worker.port, asked(worker, "messages", "lenient-openai", top_k=5, stop_sequences=["END"]))
        sent = await went(upstream)
    assert (refused.status, refused.json["error"]["type"]) == (400, "invalid_request_error")
    assert "top_k" in refused.json["error"]["message"]
    assert (dropped.status, list(sent)) == (200, ["responses"])
    assert set(dropped.headers["x-gatewatch-dropped-params"].split(", ")) == {"top_k", "stop_sequences"}


async def test_a_callers_own_dialect_stays_the_way_to_a_provider_of_several(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(responses=good("responses"))) as upstream:
        await ask(worker.port, asked(worker, "responses", "openai", stop=["END"]))
        assert list(await went(upstream)) == ["responses"]


# tools of free text


@pytest.mark.parametrize("provider", ["messages", "gemini", "bedrock"])
@pytest.mark.parametrize("endpoint", ["chat", "responses"])
async def test_a_tool_of_free_text_is_called_with_text_by_models_that_know_json_alone(
    worker: Worker, serve: Serve, endpoint: str, provider: str
) -> None:
    """Codex's `apply_patch` (github.com/openai/codex): a custom tool with a grammar."""
    patch = '*** Begin Patch\n+ {"a": 1}\n*** End Patch'
    form = {"syntax": "lark", "definition": "start: /x/"}
    custom: dict[str, Any] = {"name": "apply_patch", "description": "Edits."}
    if endpoint == "chat":
        tool = {"type": "custom", "custom": {**custom, "format": {"type": "grammar", "grammar": form}}}
    else:
        tool = {"type": "custom", **custom, "format": {"type": "grammar", **form}}
    reply = said(DIALECTS[provider][0], calls=[("apply_patch", {"input": patch})])
    async with serve(by_provider(**{provider: http(200, reply.plain)})) as upstream:
        plain = await ask(worker.port, asked(worker, endpoint, provider, tools=[tool]))
        sent = json.dumps((await went(upstream))[provider])
    assert "start: /x/" in sent
    assert '"required": ["input"]' in sent
    if endpoint == "chat":
        (call,) = plain.json["choices"][0]["message"]["tool_calls"]
        assert (call["type"], call["custom"]) == ("custom", {"name": "apply_patch", "input": patch})
    else:
        (item,) = [item for item in plain.json["output"] if item["type"] not in ("message", "reasoning")]
        assert (item["type"], item["name"], item["input"]) == ("custom_tool_call", "apply_patch", patch)
    kind = "application/vnd.amazon.eventstream" if provider == "bedrock" else "text/event-stream"
    head = STREAM_HEAD.replace(b"text/event-stream", kind.encode())
    frames = head + b"".join(map(chunk, reply.frames)) + LAST_CHUNK
    async with serve(by_provider(**{provider: frames})):
        events = (await ask(worker.port, asked(worker, endpoint, provider, tools=[tool], stream=True))).events
    if endpoint == "chat":
        calls = [call for event in events for each in event["choices"] for call in each["delta"].get("tool_calls", ())]
        assert "".join(call["custom"].get("input", "") for call in calls) == patch
        assert calls[0]["custom"]["name"] == "apply_patch"
    else:
        (done,) = [event for event in events if event["type"] == "response.custom_tool_call_input.done"]
        assert done["input"] == patch


# failover between dialects


@pytest.mark.parametrize("endpoint", ["chat", "responses", "messages", "completions"])
async def test_each_target_is_asked_in_its_own_dialect(worker: Worker, serve: Serve, endpoint: str) -> None:
    """Four are down, each after the other, and the fifth answers."""
    replies = dict.fromkeys(DIALECTS, DOWN) | {"bedrock": good("bedrock")}
    async with serve(by_provider(**replies)) as upstream:
        reply = await ask(worker.port, asked(worker, endpoint, "all"))
    sent = await went(upstream)
    assert (reply.status, text_of(endpoint, reply)) == (200, "Hello")
    assert list(sent) == list(DIALECTS)
    own = sent["chat"].get("prompt") if endpoint == "completions" else sent["chat"]["messages"][-1]["content"]
    assert own == "hi"
    assert "hi" in json.dumps(sent["responses"]["input"])
    assert "hi" in json.dumps(sent["messages"]["messages"])
    assert sent["messages"]["max_tokens"] > 0
    assert sent["gemini"]["contents"][0]["parts"] == [{"text": "hi"}]
    assert sent["bedrock"]["messages"][0] == {"role": "user", "content": [{"text": "hi"}]}
    assert [sent[name]["model"] for name in ("chat", "responses", "messages")] == [
        DIALECTS[name][3] for name in ("chat", "responses", "messages")
    ]
    row = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
    assert (row["dialect"], row["provider"], row["attempts"]) == ("bedrock-converse", "bedrock", 5)
    assert reply.headers["x-gatewatch-provider"] == "bedrock"


async def test_what_one_target_was_told_does_not_show_in_what_the_next_is(worker: Worker, serve: Serve) -> None:
    """The request is read once for all tries; nobody may write into it."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    history = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "4"},
        {"role": "user", "content": "and?"},
    ]
    alone: dict[str, Any] = {}
    for provider in ("responses", "messages", "gemini", "bedrock"):
        async with serve(by_provider(**{provider: good(provider)})) as upstream:
            await ask(worker.port, asked(worker, "chat", provider, messages=history, tools=[tool]))
            alone |= await went(upstream)
    replies = dict.fromkeys(DIALECTS, DOWN) | {"bedrock": good("bedrock")}
    async with serve(by_provider(**replies)) as upstream:
        await ask(worker.port, asked(worker, "chat", "all", messages=history, tools=[tool]))
        together = await went(upstream)
    del together["chat"]
    assert together == alone


async def test_a_stream_fails_over_before_anything_of_it_went_out(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(messages=DOWN, chat=streamed("chat"))) as upstream:
        reply = await ask(worker.port, asked(worker, "messages", "messages-then-chat", stream=True))
        sent = await went(upstream)
    assert [event["type"] for event in reply.events][-1] == "message_stop"
    assert sent["chat"]["stream"] is True
    assert sent["chat"]["stream_options"] == {"include_usage": True}


async def test_what_the_first_target_cannot_be_told_another_answers(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(chat=good("chat"), messages=good("messages"))) as upstream:
        reply = await ask(worker.port, asked(worker, "chat", "messages-then-chat", seed=7))
        sent = await went(upstream)
    assert (reply.status, list(sent)) == (200, ["chat"])
    row = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
    assert [why for _, why in row["passed_over"]] == ["unsupported_parameter"]


async def test_what_no_target_can_be_told_is_a_400(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(messages=good("messages"))) as upstream:
        reply = await ask(worker.port, asked(worker, "chat", "only-messages", seed=7))
    assert reply.status == 400
    assert reply.json["error"]["code"] == "unsupported_parameter"
    assert reply.json["error"]["param"] == "seed"
    assert "messages" in reply.json["error"]["message"]
    assert upstream.requests == [], "nobody was asked"
    row = await worker.closed(call_id=reply.headers["x-gatewatch-call-id"])
    assert (row["status"], row["error_kind"], row.get("cost_picos", 0)) == ("error", "unsupported_parameter", 0)


async def test_a_target_that_cannot_be_told_all_of_it_is_passed_over_after_a_failure(
    worker: Worker, serve: Serve
) -> None:
    """Gemini takes a seed, Anthropic does not."""
    async with serve(by_provider(chat=DOWN, gemini=good("gemini"), messages=good("messages"))) as upstream:
        reply = await ask(worker.port, asked(worker, "chat", "chat-then-gemini-then-messages", seed=7))
        sent = await went(upstream)
    assert (reply.status, list(sent)) == (200, ["chat", "gemini"])
    assert sent["gemini"]["generationConfig"]["seed"] == 7
    async with serve(by_provider(chat=DOWN, messages=good("messages"))) as upstream:
        reply = await ask(worker.port, asked(worker, "chat", "chat-then-messages", seed=7))
    assert reply.status == 503, "the failure is the better answer than what the other could not be told"
    assert len(upstream.requests) == 1
    assert reply.headers["x-gatewatch-attempts"] == "1"


async def test_what_would_be_another_request_is_never_dropped(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider()) as upstream:
        reply = await ask(worker.port, asked(worker, "responses", "lenient", previous_response_id="resp_1"))
    assert (reply.status, reply.json["error"]["param"]) == (400, "previous_response_id")
    assert upstream.requests == []


@pytest.mark.parametrize("stream", [False, True])
async def test_what_a_route_drops_stands_in_a_header_of_the_target_that_was_not_told(
    worker: Worker, serve: Serve, stream: bool
) -> None:
    answer = streamed if stream else good
    async with serve(by_provider(chat=DOWN, messages=answer("messages"))) as upstream:
        reply = await ask(worker.port, asked(worker, "chat", "lenient", seed=7, logit_bias={"1": 2}, stream=stream))
        sent = await went(upstream)
    assert reply.status == 200
    assert set(reply.headers["x-gatewatch-dropped-params"].split(", ")) == {"seed", "logit_bias"}
    assert sent["chat"]["seed"] == 7
    assert not {"seed", "logit_bias"} & sent["messages"].keys()
    async with serve(by_provider(chat=answer("chat"))):
        reply = await ask(worker.port, asked(worker, "chat", "lenient", seed=7, stream=stream))
    assert "x-gatewatch-dropped-params" not in reply.headers


# what the route adds


async def test_an_opt_out_goes_with_the_call_whatever_the_caller_says(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(responses=good("responses"))) as upstream:
        await ask(worker.port, asked(worker, "responses", "private", store=True, metadata={"a": "b"}))
        straight = upstream.requests[-1]
    async with serve(by_provider(responses=good("responses"))) as upstream:
        await ask(worker.port, asked(worker, "chat", "private"))
        translated = upstream.requests[-1]
    async with serve(by_provider(responses=good("responses"))) as upstream:
        await ask(worker.port, asked(worker, "chat", "kept-nowhere"))
        kept_nowhere = upstream.requests[-1]
    for request in (straight, translated, kept_nowhere):
        assert request.json["store"] is False
        assert request.json["metadata"]["retention"] == "none"
        assert request.headers["x-no-training"] == "yes"
    assert straight.json["input"] == "hi"
    assert "zdr" not in straight.json
    assert kept_nowhere.json["zdr"] is True


async def test_without_it_nothing_is_added(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(responses=good("responses"))) as upstream:
        await ask(worker.port, asked(worker, "responses", "responses"))
    assert upstream.requests[0].json.keys() == {"model", "input"}
    assert "x-no-training" not in upstream.requests[0].headers


async def test_an_idempotency_key_goes_to_every_target(worker: Worker, serve: Serve) -> None:
    async with serve(by_provider(chat=DOWN, messages=good("messages"))) as upstream:
        headers = {"Idempotency-Key": "once-only"}
        reply = await ask(worker.port, asked(worker, "responses", "chat-then-messages", headers))
    assert reply.status == 200
    assert [request.headers["idempotency-key"] for request in upstream.requests] == ["once-only"] * 2


@pytest.mark.parametrize("provider", DIALECTS)
async def test_no_dialect_sends_an_idempotency_key_of_its_own(worker: Worker, serve: Serve, provider: str) -> None:
    async with serve(by_provider(**{provider: good(provider)})) as upstream:
        await ask(worker.port, asked(worker, "messages", provider))
    assert "idempotency-key" not in upstream.requests[0].headers


async def test_headers_that_steer_a_vendor_go_to_that_vendor_alone(worker: Worker, serve: Serve) -> None:
    headers = {"anthropic-beta": "a-beta", "anthropic-version": "2023-06-01"}
    async with serve(by_provider(messages=DOWN, chat=good("chat"))) as upstream:
        await ask(worker.port, asked(worker, "messages", "messages-then-chat", headers))
    first, second = upstream.requests
    assert first.headers["anthropic-beta"] == "a-beta"
    assert not [name for name in second.headers if name.startswith("anthropic")]
