"""Good Gemini replies; the oracle is google-genai: what it makes of them, and its types to the letter."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import RawReply, ask, request
from tests.kit.strict_types import assert_fits

WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="get_weather",
            parameters_json_schema={"type": "object", "properties": {"city": {"enum": ["Ulm"]}}},
        ),
        types.FunctionDeclaration(name="get_time"),
    ]
)
NO_LOOP = types.AutomaticFunctionCallingConfig(disable=True)
VERTEX = "/v1/projects/p/locations/global/publishers/google/models"


@pytest.fixture
async def gemini(sandbox: Sandbox) -> AsyncIterator[Any]:
    client = genai.Client(api_key="test", http_options=types.HttpOptions(base_url=sandbox.url, api_version="v1beta"))
    yield client.aio
    await client.aio.aclose()
    client.close()


def demand(**values: Any) -> dict[str, str]:
    return {f"x-sandbox-{name.replace('_', '-')}": json.dumps(value) for name, value in values.items()}


def config(headers: dict[str, str] | None = None, **fields: Any) -> types.GenerateContentConfig:
    options = types.HttpOptions(headers=headers) if headers else None
    return types.GenerateContentConfig(http_options=options, automatic_function_calling=NO_LOOP, **fields)


async def post(
    sandbox: Sandbox,
    method: str = "generateContent",
    model: str = "gemini-2.5-flash",
    headers: dict[str, str] | None = None,
    models: str = "/v1beta/models",
    **fields: Any,
) -> RawReply:
    body = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]} | fields
    given = {"Authorization": "", "x-goog-api-key": "test"} | (headers or {})
    return await ask(sandbox.port, request("POST", f"{models}/{model}:{method}", json.dumps(body).encode(), given))


def put_together(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    """The reply that the chunks of a stream make, each text joined to the one before it of its kind."""
    whole: dict[str, Any] = {"candidates": {}}
    for chunk in chunks:
        whole |= {name: value for name, value in chunk.items() if name != "candidates"}
        for candidate in chunk.get("candidates", ()):
            known = whole["candidates"].setdefault(candidate["index"], {"content": {"role": "model"}})
            _add(known, candidate)
    whole["candidates"] = list(whole["candidates"].values())
    return whole


def _add(known: dict[str, Any], candidate: dict[str, Any]) -> None:
    for part in candidate["content"].get("parts", ()):
        parts = known["content"].setdefault("parts", [])
        if parts and "text" in part and "text" in parts[-1] and part.get("thought") == parts[-1].get("thought"):
            parts[-1] |= part | {"text": parts[-1]["text"] + part["text"]}
        else:
            parts.append(dict(part))
    for name, value in candidate.items():
        if name == "logprobsResult":
            result = known.setdefault(name, {})
            for list_name, tokens in value.items():
                result[list_name] = result.get(list_name, []) + tokens
        elif name != "content":
            known[name] = value


ASKED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "prose": ({}, {}),
    "no-thoughts": ({"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}, {}),
    "thoughts": ({"generationConfig": {"thinkingConfig": {"includeThoughts": True}}}, {}),
    "two-candidates": ({"generation_config": {"candidate_count": 2, "stop_sequences": [" the "]}}, {}),
    "too-short": ({"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}, "maxOutputTokens": 4}}, {}),
    "thought-too-long": ({"generationConfig": {"maxOutputTokens": 4}}, {}),
    "any-json": ({"generationConfig": {"responseMimeType": "application/json"}}, {}),
    "a-call": (
        {
            "tools": [{"functionDeclarations": [{"name": "f"}]}],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        },
        {},
    ),
    "all-of-it": (
        {},
        demand(
            thinking="Hm, well.",
            text="It is in Ulm.",
            calls=[{"name": "f", "arguments": {"a": 1}}, {"name": "g"}],
            citations=[{"url": "https://a.test", "title": "A", "quote": "Ulm"}],
        ),
    ),
    "logprobs": ({"generationConfig": {"responseLogprobs": True, "logprobs": 2}}, demand(text="one two")),
    "a-filter": ({}, {"x-sandbox-finish": "content_filter"}),
    "a-blocked-prompt": ({}, {"x-sandbox-finish": "refusal"}),
}


@pytest.mark.parametrize("name", ASKED)
async def test_streamed_and_plain_replies_say_the_same_to_the_letter_of_the_types(sandbox: Sandbox, name: str) -> None:
    fields, headers = ASKED[name]
    plain = await post(sandbox, headers=headers, **fields)
    assert plain.status == 200, plain.body
    assert_fits(plain.json, types.GenerateContentResponse)
    stream = await post(sandbox, "streamGenerateContent?alt=sse", headers=headers, **fields)
    assert stream.body.endswith(b"\r\n\r\n")
    for chunk in stream.events:
        assert_fits(chunk, types.GenerateContentResponse)
    expected = {"candidates": []} | plain.json
    whole = put_together(stream.events)
    for candidate in (*whole["candidates"], *expected["candidates"]):
        candidate.pop("avgLogprobs", None)  # of a chunk it is the chunk's own
    assert whole == expected
    as_list = await post(sandbox, "streamGenerateContent", headers=headers, **fields)
    assert as_list.json == stream.events
    assert as_list.headers["content-type"] == "application/json"


async def test_thoughts_text_and_parallel_calls_come_in_this_order(gemini: Any) -> None:
    _, headers = ASKED["all-of-it"]
    reply = await gemini.models.generate_content(model="gemini-3-pro", contents="hi", config=config(headers))
    (candidate,) = reply.candidates
    thought, text, first, second = candidate.content.parts
    assert (thought.thought, thought.text, text.text) == (True, "Hm, well.", "It is in Ulm.")
    assert (first.function_call.name, first.function_call.args) == ("f", {"a": 1})
    assert (second.function_call.name, second.function_call.args) == ("g", {})
    assert [bool(part.thought_signature) for part in candidate.content.parts] == [False, False, True, False]
    assert candidate.finish_reason == types.FinishReason.STOP
    (chunk,) = candidate.grounding_metadata.grounding_chunks
    (support,) = candidate.grounding_metadata.grounding_supports
    assert (chunk.web.uri, support.segment.start_index, support.segment.end_index) == ("https://a.test", 9, 12)
    usage = reply.usage_metadata
    assert usage.prompt_token_count == 8
    assert usage.thoughts_token_count == 3  # nine characters
    assert usage.candidates_token_count == 4 + (2 + 1) + (1 + 1)
    assert usage.total_token_count == 8 + 3 + 9


async def test_a_text_is_signed_at_its_end(gemini: Any) -> None:
    reply = await gemini.models.generate_content(model="gemini-3-pro", contents="hi")
    assert reply.candidates[0].content.parts[-1].thought_signature
    old = await gemini.models.generate_content(model="gemini-2.0-flash", contents="hi")
    assert old.candidates[0].content.parts[-1].thought_signature is None
    assert old.usage_metadata.thoughts_token_count is None


async def test_the_sdk_carries_a_turn_of_calls_on(gemini: Any) -> None:
    chat = gemini.chats.create(model="gemini-3-pro", config=config(tools=[WEATHER]))
    calls = [{"name": "get_weather", "arguments": {"city": "Ulm"}}, {"name": "get_time"}]
    asked = config(demand(calls=calls), tools=[WEATHER])
    reply = await chat.send_message("What?", config=asked)
    assert [call.name for call in reply.function_calls] == ["get_weather", "get_time"]
    answers = [types.Part.from_function_response(name=call.name, response={"ok": 1}) for call in reply.function_calls]
    assert (await chat.send_message(answers)).text.startswith("This is the sandbox.")


async def test_a_signature_that_is_lost_or_foreign_is_refused(gemini: Any) -> None:
    def turn(signature: bytes | None) -> list[types.Content]:
        call = types.Part(function_call=types.FunctionCall(name="f", args={}), thought_signature=signature)
        return [
            types.Content(role="user", parts=[types.Part(text="hi")]),
            types.Content(role="model", parts=[call]),
            types.Content(role="user", parts=[types.Part.from_function_response(name="f", response={})]),
        ]

    with pytest.raises(errors.ClientError, match="Function call is missing a thought_signature"):
        await gemini.models.generate_content(model="gemini-3-pro", contents=turn(None))
    with pytest.raises(errors.ClientError, match="Corrupted thought signature"):
        await gemini.models.generate_content(model="gemini-3-pro", contents=turn(b"somebody else's"))
    dummy = turn(b"skip_thought_signature_validator")
    assert (await gemini.models.generate_content(model="gemini-3-pro", contents=dummy)).text


async def test_a_tool_is_called_where_the_mode_asks_for_it(gemini: Any) -> None:
    mode = types.FunctionCallingConfig(mode=types.FunctionCallingConfigMode.ANY, allowed_function_names=["get_weather"])
    asked = config(tools=[WEATHER], tool_config=types.ToolConfig(function_calling_config=mode))
    reply = await gemini.models.generate_content(model="gemini-2.5-flash", contents="hi", config=asked)
    (call,) = reply.function_calls
    assert (call.name, call.args) == ("get_weather", {"city": "Ulm"})
    chunks = [
        chunk
        async for chunk in await gemini.models.generate_content_stream(
            model="gemini-2.5-flash", contents="hi", config=asked
        )
    ]
    assert [call.args for chunk in chunks for call in chunk.function_calls or ()] == [{"city": "Ulm"}]


async def test_a_structured_reply_fits_its_schema(gemini: Any) -> None:
    class Recipe(BaseModel):
        title: str
        minutes: int
        steps: list[str]

    for field in ("response_schema", "response_json_schema"):
        schema = Recipe if field == "response_schema" else Recipe.model_json_schema()
        asked = config(response_mime_type="application/json", **{field: schema})
        reply = await gemini.models.generate_content(model="gemini-2.5-flash", contents="hi", config=asked)
        Recipe.model_validate_json(reply.text)


async def test_limits_stops_and_logprobs_are_honoured(gemini: Any) -> None:
    quiet = types.ThinkingConfig(thinking_budget=0)
    asked = config(max_output_tokens=4, thinking_config=quiet, response_logprobs=True, logprobs=2)
    reply = await gemini.models.generate_content(model="gemini-2.5-flash", contents="hi", config=asked)
    assert reply.text == "This is the sandbox"
    (candidate,) = reply.candidates
    assert candidate.finish_reason == types.FinishReason.MAX_TOKENS
    assert [each.token for each in candidate.logprobs_result.chosen_candidates] == ["This", " is", " the", " sandbox"]
    assert all(len(top.candidates) == 2 for top in candidate.logprobs_result.top_candidates)
    stopped = config(stop_sequences=[" sand"])
    assert (
        await gemini.models.generate_content(model="gemini-2.5-flash", contents="hi", config=stopped)
    ).text == "This is the"


async def test_the_end_can_be_dictated(sandbox: Sandbox) -> None:
    for finish, reason in (("stop", "STOP"), ("length", "MAX_TOKENS"), ("content_filter", "SAFETY")):
        reply = await post(sandbox, headers={"x-sandbox-finish": finish})
        assert reply.json["candidates"][0]["finishReason"] == reason
    blocked = (await post(sandbox, headers={"x-sandbox-finish": "refusal"})).json
    assert "candidates" not in blocked
    assert blocked["promptFeedback"] == {"blockReason": "PROHIBITED_CONTENT"}
    assert (await post(sandbox, headers={"x-sandbox-finish": "pause"})).status == 400


async def test_long_prompts_are_cached_and_all_counts_agree(sandbox: Sandbox) -> None:
    found = set()
    for number in range(8):
        contents = [{"role": "user", "parts": [{"text": f"{number} " * 4000}]}]
        usage = (await post(sandbox, contents=contents)).json["usageMetadata"]
        assert usage["totalTokenCount"] == (
            usage["promptTokenCount"] + usage["candidatesTokenCount"] + usage["thoughtsTokenCount"]
        )
        assert sum(each["tokenCount"] for each in usage["promptTokensDetails"]) == usage["promptTokenCount"]
        found.add(usage.get("cachedContentTokenCount"))
    assert None in found
    assert all(cached is None or 1024 <= cached <= usage["promptTokenCount"] for cached in found)
    assert len(found) > 1


async def test_usage_can_be_dictated_or_left_out(sandbox: Sandbox) -> None:
    demanded = {"promptTokenCount": 7, "totalTokenCount": 9}
    headers = {"x-sandbox-usage": json.dumps(demanded)}
    assert (await post(sandbox, headers=headers)).json["usageMetadata"] == demanded
    stream = await post(sandbox, "streamGenerateContent?alt=sse", headers=headers)
    assert stream.events[-1]["usageMetadata"] == demanded
    for method in ("generateContent", "streamGenerateContent"):
        assert b"usageMetadata" not in (await post(sandbox, method, "fault-no-usage")).body


async def test_tokens_are_counted_without_a_reply(gemini: Any, sandbox: Sandbox) -> None:
    counted = await gemini.models.count_tokens(model="gemini-2.5-flash", contents="hi")
    assert counted.total_tokens == 8
    whole = {"generateContentRequest": {"model": "models/m", "contents": [{"parts": [{"text": "hi"}]}]}}
    system = {"systemInstruction": {"parts": [{"text": "Be brief."}]}}
    whole["generateContentRequest"] |= system
    reply = await post(sandbox, "countTokens", contents=None, **whole)
    assert reply.json["totalTokens"] == 8 + 4 + 3
    vertex = await post(sandbox, "countTokens", models=VERTEX, headers={"Authorization": "Bearer t"}, **system)
    assert vertex.json["totalTokens"] == 8 + 4 + 3


async def test_vertex_answers_with_a_token(sandbox: Sandbox) -> None:
    reply = await post(sandbox, models=VERTEX, headers={"Authorization": "Bearer t"}, labels={"team": "a"})
    assert reply.json["modelVersion"] == "gemini-2.5-flash"
    refused = await post(sandbox, models=VERTEX)
    assert (refused.status, refused.json["error"]["status"]) == (401, "UNAUTHENTICATED")


async def test_the_sdk_of_vertex_is_understood(sandbox: Sandbox) -> None:
    from google.oauth2.credentials import Credentials

    client = genai.Client(
        vertexai=True,
        project="p",
        location="global",
        credentials=Credentials(token="t"),  # type: ignore[no-untyped-call]
        http_options=types.HttpOptions(base_url=sandbox.url),
    )
    reply = await client.aio.models.generate_content(model="gemini-2.5-flash", contents="hi")
    assert (reply.text or "").startswith("This is the sandbox.")
    await client.aio.aclose()
    client.close()


@pytest.mark.parametrize("name", ["messages", "max_tokens", "model_id", "thinking"])
async def test_a_parameter_of_another_dialect_is_unknown(sandbox: Sandbox, name: str) -> None:
    reply = await post(sandbox, **{name: 1})
    assert (reply.status, reply.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
    expected = f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
    assert reply.json["error"]["message"] == expected


@pytest.mark.parametrize("fault", ["no-done", "cut-stream", "half-frame", "error-event", "tiny-events", "429", "503"])
async def test_faults_befall_it_too(sandbox: Sandbox, fault: str) -> None:
    headers = {"x-sandbox-chunks": "40", "x-sandbox-fault": fault}
    reply = await post(sandbox, "streamGenerateContent?alt=sse", headers=headers)
    if fault.isdecimal():
        assert (reply.status, reply.json["error"]["code"]) == (int(fault), int(fault))
    else:
        assert (b"finishReason" in reply.body) is (fault == "tiny-events")
