"""What a refused request was made of is told, and nothing of what it said."""

import itertools
import json
import string
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from gatewatch.paths import Home
from proxy.sandbox.known_parameters import CHAT, COMPLETION, EMBEDDING
from proxy.worker.bodies.shape import MOST_BYTES, shape_of
from proxy.worker.bodies.words import NAMES
from tests.kit.raw_http import ask, request
from tests.kit.scripted_upstream import answers, chat_reply, http, scripted_upstream
from tests.proxy.worker.test_gateway_defects import Running

TEXT = {"type": "text", "text": "Hello!"}
PICTURE = {"type": "image_url", "image_url": {"url": "u"}}


def test_a_request_is_told_by_its_names_types_sizes_and_values() -> None:
    body = {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [TEXT, PICTURE]},
        ],
        "temperature": 3.5,
        "max_tokens": -1,
        "stream": True,
        "seed": None,
        "tool_choice": "auto",
        "response_format": {"type": "json_schema"},
    }  # fmt: skip
    assert shape_of(body) == {
        "model": "gpt-4o-mini",
        "messages": {
            "[0]": {"role": "system", "content": "text(9)"},
            "[1]": {
                "role": "user",
                "content": {"[0]": TEXT | {"text": "text(6)"}, "[1]": PICTURE | {"image_url": {"url": "text(1)"}}},
            },
        },
        "temperature": 3.5,
        "max_tokens": -1,
        "stream": True,
        "seed": None,
        "tool_choice": "auto",
        "response_format": {"type": "json_schema"},
    }  # fmt: skip


def test_elements_of_one_sort_are_told_together() -> None:
    turns = [{"role": role, "content": "x" * size} for size in range(1, 21) for role in ("user", "assistant")]
    assert shape_of({"messages": [{"role": "system", "content": ""}, *turns]})["messages"] == {
        "[0]": {"role": "system", "content": "text(0)"},
        "[1..39] x20": {"role": "user", "content": "text(1..20)"},
        "[2..40] x20": {"role": "assistant", "content": "text(1..20)"},
    }


def test_words_that_are_not_of_the_api_are_told_by_their_length() -> None:
    shape = shape_of({"messages": [{"role": "narrator", "content": "user"}], "tool_choice": "my_tool", "mood": "good"})
    assert shape == {
        "messages": {"[0]": {"role": "text(8)", "content": "text(4)"}},
        "tool_choice": "text(7)",
        "key(4)": "text(4)",
    }


def test_names_of_a_schema_are_the_callers_and_its_keywords_are_not() -> None:
    schema = {
        "type": "object",
        "properties": {"diagnosis": {"type": "string", "enum": ["flu", "cold"]}, "model": {"minimum": 7}},
        "required": ["model", "string"],
        "description": "Of a patient",
        "default": {"type": "string", "age": 44, "ill": True},
    }
    assert shape_of({"tools": [{"type": "function", "function": {"name": "ask", "parameters": schema}}]})["tools"] == {
        "[0]": {
            "type": "function",
            "function": {
                "name": "text(3)",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "key(9)": {"type": "string", "enum": {"[0..1]": "text(3..4)"}},
                        "key(5)": {"minimum": 7},
                    },
                    "required": {"[0..1]": "text(5..6)"},
                    "description": "text(12)",
                    "default": {"key(4)": "text(6)", "key(3)": "int(2)", "key(3)#2": True},
                },
            },
        }
    }


def test_tokens_are_text_and_long_numbers_are_numbers_of_something() -> None:
    shape = shape_of({"input": [[9906, 1917], [15]], "seed": 4111111111111111, "temperature": 1e300})
    assert shape == {"input": {"[0..1]": {"[0..1]": "int(2..4)"}}, "seed": "int(16)", "temperature": "float(6)"}


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": 123456789}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": 123456789}]}]},
        {"messages": [{"role": 123456789, "name": 123456789, "value": 123456789}]},
        {"user": 123456789, "prompt": 123456789, "api_key": 123456789, "input": 123456789, "id": 123456789},
        {"model": 123456789, "instructions": 123456789.5, "query": 123456789, "stop": [123456789], "title": 123456789},
        {"tools": [{"function": {"name": 123456789, "parameters": {"properties": {"seed": 123456789}}}}]},
    ],
)
def test_a_number_is_told_only_of_parameters_that_are_numbers(body: dict[str, Any]) -> None:
    said = json.dumps(shape_of(body))
    assert "123456789" not in said
    assert "(9)" in said or "float(11)" in said


@pytest.mark.parametrize(
    "model", ["john.smith@example.com", "4111111111111111", "555-123-4567", "123-45-6789", "sk-ant-" + "x9Zq" * 8]
)
def test_a_model_that_is_somebodys_data_is_told_by_its_length(model: str) -> None:
    assert shape_of({"model": model}) == {"model": f"text({len(model)})"}


@pytest.mark.parametrize("model", ["openai/gpt-5-mini", "claude-3-5-sonnet@20240620", "meta/llama-3.1:free", "o3"])
def test_a_model_that_is_one_is_told(model: str) -> None:
    assert shape_of({"model": model}) == {"model": model}


def words() -> Any:
    """Words that stand nowhere else: long enough not to be part of any other."""
    letters = itertools.product("QZXJK", string.ascii_uppercase, string.ascii_uppercase, "QZXJ")
    return ("cnry" + "".join(each) for each in letters)


NOT_TEXT = {
    "seed": 1,
    "n": 2,
}


def hostile(depth: int, made: list[str], source: Any) -> Any:
    """Canaries as names and as values, under names of the API and others, at all depths."""

    def canary() -> str:
        made.append(next(source))
        return made[-1]

    if depth == 0:
        return canary()
    known = ("type", "role", "content", "text", "arguments", "properties", "enum", "metadata", "input", "url", "model")
    inside = {name: hostile(depth - 1, made, source) for name in (known if depth == 1 else known[depth::3])}
    return [{**inside, canary(): canary(), canary(): [canary(), {canary(): canary()}]}, canary()]


def test_nothing_of_a_body_strewn_with_secrets_is_told() -> None:
    made: list[str] = []
    source = words()
    body = {
        "model": "sk-" + next(source) * 4,
        "user": next(source),
        **{name: hostile(3, made, source) for name in sorted(NAMES - {"model", "user"})[::7]},
        "sk-ant-" + next(source) * 4: 1,
        "messages": [{"role": "user", "content": hostile(4, made, source)}],
        **NOT_TEXT,
    }
    said = json.dumps(shape_of(body))
    assert len(made) > 1000
    assert "cnry" not in said
    assert "cnry" not in json.dumps(shape_of({"messages": body["messages"]}))
    assert {name: shape_of(body)[name] for name in NOT_TEXT} == NOT_TEXT


def _nested(depth: int) -> Any:
    return {"messages": [_nested(depth - 1)]} if depth else {}


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": "x" * n} for n in range(50_000)]},
        {f"name{n}": n for n in range(50_000)},
        {"messages": [{"role": "user", f"{'y' * n}": n} for n in range(1000)]},
        {"tools": [{"parameters": {"properties": {"a" * n: {"enum": [1, "x", None]}}}} for n in range(500)]},
        {name: {inner: dict.fromkeys(NAMES, 1) for inner in list(NAMES)[:50]} for name in NAMES},
        {name: [[["é" * 3]]] for name in NAMES},
        _nested(400),
    ],
    ids=["many messages", "many names", "all different", "schemas", "wide", "wide lists", "deep"],
)
def test_a_shape_is_small_whatever_the_request_is(body: dict[str, Any]) -> None:
    assert len(msgspec.json.encode(shape_of(body))) <= MOST_BYTES


def test_a_known_parameter_is_told_among_a_thousand_others() -> None:
    body = {f"name{n}": n for n in range(1000)} | {"temperature": 9}
    assert shape_of(body)["temperature"] == 9


def test_every_documented_parameter_has_its_name_in_a_shape() -> None:
    assert (CHAT | COMPLETION | EMBEDDING) <= NAMES


@pytest.fixture
async def running(home: Home) -> AsyncIterator[Running]:
    made = Running(home)
    yield made
    await made.end()


async def test_rows_of_400s_hold_the_shape_whoever_refused_and_others_do_not(running: Running) -> None:
    refused, fine = http(400, b'{"error":{"message":"no"}}'), http(200, chat_reply({"prompt_tokens": 1}))
    async with scripted_upstream(answers(refused, fine)) as upstream:
        await running.start(upstream.url)
        statuses = [(await running.chat(messages=[{"role": "user", "content": "of the provider"}])).status]
        statuses.append((await running.chat()).status)
        statuses.append((await running.chat(model=7)).status)
        headers = {"Authorization": f"Bearer {running.key}"}
        broken = request("POST", "/v1/chat/completions", b'{"model": "chat", secret', headers)
        statuses.append((await ask(running.port, broken)).status)
    assert statuses == [400, 200, 400, 400]
    shapes: list[Any] = [close.get("request_shape") for close in running.closed()]
    assert shapes[0]["messages"] == {"[0]": {"role": "user", "content": "text(15)"}}
    assert shapes[1] is None
    assert shapes[2]["model"] == "int(1)"
    assert shapes[3] == {"unread": 24}
