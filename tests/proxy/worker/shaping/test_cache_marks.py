"""What providers are sent of beginnings that repeat, over sockets."""

import json
from typing import Any

import pytest

from gatewatch.providers.quirks import Quirks
from tests.kit.limit_stage import budget
from tests.kit.shaping_stage import Json, Shaped

LONG = "You help the customers of a bakery. " * 200
"""7,200 characters: more than 1,024 tokens, less than 4,096."""
MARK = {"cache_control": {"type": "ephemeral"}}
SONNET, HAIKU = "claude-sonnet-4-5", "claude-haiku-4-5"
AWS = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def user(text: str) -> Json:
    return {"role": "user", "content": text}


def model(text: str) -> Json:
    return {"role": "assistant", "content": text}


def messages(*turns: Json, system: Any = LONG) -> Json:
    return {"max_tokens": 50, "system": system, "messages": list(turns)}


def chat(*turns: Json, system: str = LONG) -> Json:
    return {"messages": [{"role": "system", "content": system}, *turns]}


def marks(sent: object) -> int:
    return json.dumps(sent).count("cache_control") + json.dumps(sent).count("cachePoint")


async def twice(stage: Shaped, endpoint: str, provider: str, body: Json) -> tuple[Json, Json]:
    """What the provider was sent, the first time and the second."""
    for _ in range(2):
        assert (await stage.say(endpoint, body)).status == 200
    first, second = stage.heard[provider]
    return first, second


async def test_to_anthropic_instructions_are_marked_from_the_second_time_on(stage: Shaped) -> None:
    stage.route(f"claude/{SONNET}", prompt_cache=True)
    first, second = await twice(stage, "messages", "claude", messages(user("hi")))
    assert first == {"model": SONNET, **messages(user("hi"))}, "nothing is changed at first sight"
    assert second == {"model": SONNET, **messages(user("hi"), system=[{"type": "text", "text": LONG, **MARK}])}


async def test_a_conversation_is_marked_before_its_last_turn_too(stage: Shaped) -> None:
    stage.route(f"claude/{SONNET}", prompt_cache=True)
    turns = [user("a"), model("A"), user("b")]
    await stage.say("messages", messages(*turns[:1]))
    await stage.say("messages", messages(*turns))
    sent = stage.heard["claude"][1]
    assert sent["system"] == [{"type": "text", "text": LONG, **MARK}]
    marked = {"role": "assistant", "content": [{"type": "text", "text": "A", **MARK}]}
    assert sent["messages"] == [user("a"), marked, user("b")]


async def test_of_blocks_the_last_that_can_have_a_mark_has_it(stage: Shaped) -> None:
    stage.route(f"claude/{SONNET}", prompt_cache=True)
    tool = {"type": "tool_use", "id": "t1", "name": "look", "input": {}}
    thought = {"type": "thinking", "thinking": "hm", "signature": "EqQB"}
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "1"}]}
    body = messages(user("a"), {"role": "assistant", "content": [tool, thought]}, result)
    body |= {"system": [{"type": "text", "text": LONG}, {"type": "text", "text": " "}]}
    body |= {"tools": [{"name": "look", "input_schema": {"type": "object"}}]}
    _, sent = await twice(stage, "messages", "claude", body)
    assert sent["system"] == [{"type": "text", "text": LONG, **MARK}, {"type": "text", "text": " "}]
    assert sent["messages"][1]["content"] == [tool | MARK, thought]
    assert sent["tools"] == body["tools"]


async def test_tools_alone_are_marked_where_there_are_no_instructions(stage: Shaped) -> None:
    stage.route(f"claude/{SONNET}", prompt_cache=True)
    tools = [{"name": name, "description": LONG, "input_schema": {"type": "object"}} for name in ("look", "see")]
    body = {"max_tokens": 50, "messages": [user("hi")], "tools": tools}
    _, sent = await twice(stage, "messages", "claude", body)
    assert sent["tools"] == [tools[0], tools[1] | MARK]
    assert marks(sent) == 1


async def test_callers_of_other_dialects_have_the_same(stage: Shaped) -> None:
    stage.route(f"claude/{SONNET}", prompt_cache=True)
    _, sent = await twice(stage, "chat", "claude", chat(user("a"), model("A"), user("b")))
    assert sent["system"] == [{"type": "text", "text": LONG, **MARK}]
    assert sent["messages"][1] == {"role": "assistant", "content": [{"type": "text", "text": "A", **MARK}]}
    assert marks(sent) == 2


async def test_to_bedrock_cache_points_stand_behind_what_repeats(stage: Shaped) -> None:
    stage.route(f"aws/{AWS}", prompt_cache=True)
    first, sent = await twice(stage, "messages", "aws", messages(user("a"), model("A"), user("b")))
    assert marks(first) == 0
    assert sent["system"] == [{"text": LONG}, {"cachePoint": {"type": "default"}}]
    assert sent["messages"][1]["content"] == [{"text": "A"}, {"cachePoint": {"type": "default"}}]
    assert marks(sent) == 2


@pytest.mark.parametrize(
    ("endpoint", "provider", "body"),
    [
        ("chat", "openai", chat(user("hi"))),
        ("responses", "responses", {"instructions": LONG, "input": "hi"}),
        ("messages", "openai", messages(user("hi"))),
    ],
)
async def test_openai_is_told_by_a_key_which_requests_belong_together(
    stage: Shaped, endpoint: str, provider: str, body: Json
) -> None:
    stage.change(provider, quirks=Quirks(prompt_cache_key=True))
    stage.route(f"{provider}/gpt-4o-mini", prompt_cache=True)
    first, second = await twice(stage, endpoint, provider, body)
    assert "prompt_cache_key" not in first
    assert second == first | {"prompt_cache_key": second["prompt_cache_key"]}, "and nothing else is different"
    assert second["prompt_cache_key"].startswith("gw-")


async def test_a_callers_own_key_stands(stage: Shaped) -> None:
    stage.change("openai", quirks=Quirks(prompt_cache_key=True))
    stage.route("openai/gpt-4o-mini", prompt_cache=True)
    _, second = await twice(stage, "chat", "openai", chat(user("hi")) | {"prompt_cache_key": "mine"})
    assert second["prompt_cache_key"] == "mine"


@pytest.mark.parametrize(
    ("provider", "named"),
    [("openai", "gpt-4o-mini"), ("google", "gemini-2.5-flash"), ("aws", "openai.gpt-oss-120b-1:0")],
)
async def test_who_takes_no_marker_gets_none(stage: Shaped, provider: str, named: str) -> None:
    stage.route(f"{provider}/{named}", prompt_cache=True)
    first, second = await twice(stage, "chat", provider, chat(user("a"), model("A"), user("b")))
    assert first == second


@pytest.mark.parametrize(
    ("named", "body"),
    [
        (SONNET, messages(user("hi"), system="Be brief. " * 300)),
        (HAIKU, messages(user("hi"))),
        (SONNET, messages(user("hi"), system=[{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}])),
        (SONNET, messages(user("hi")) | MARK),
    ],
    ids=["too short", "too short for this model", "the caller's own marker", "the caller's own marker of all"],
)
async def test_a_request_goes_out_as_it_came(stage: Shaped, named: str, body: Json) -> None:
    stage.route(f"claude/{named}", prompt_cache=True)
    for sent in await twice(stage, "messages", "claude", body):
        assert sent == {"model": named, **body}


async def test_a_route_that_does_not_want_it_has_none_of_it(stage: Shaped) -> None:
    stage.route(f"claude/{SONNET}")
    first, second = await twice(stage, "messages", "claude", messages(user("hi")))
    assert first == second == {"model": SONNET, **messages(user("hi"))}


async def test_what_is_written_to_a_cache_is_reserved_at_its_price_and_the_row_says_that_it_is_marked(
    stage: Shaped,
) -> None:
    """Sonnet 4.5: 3 USD per million tokens of input, 3.75 to write them to the cache, 15 for output."""
    stage.route(f"claude/{SONNET}", prompt_cache=True)
    stage.limit(budget("team", "search", 10**15))
    replies = [await stage.say("messages", messages(user("hi"))) for _ in range(2)]
    first, second = map(stage.row, replies)
    tokens = first["estimated_input_tokens"]
    assert tokens == second["estimated_input_tokens"]
    assert first["reserved_picos"] == tokens * 3_000_000 + 50 * 15_000_000
    assert second["reserved_picos"] == tokens * 3_750_000 + 50 * 15_000_000
    assert "prompt_cache" not in first["params"]
    assert second["params"]["prompt_cache"] == "auto"


async def test_another_target_after_a_failure_is_marked_its_own_way(stage: Shaped) -> None:
    stage.route(f"claude/{SONNET}", f"aws/{AWS}", prompt_cache=True)
    await stage.say("messages", messages(user("hi")))
    stage.fails("claude")
    assert (await stage.say("messages", messages(user("hi")))).status == 200
    assert marks(stage.heard["claude"][1]) == marks(stage.heard["aws"][0]) == 1
    assert "cachePoint" in json.dumps(stage.heard["aws"][0])
