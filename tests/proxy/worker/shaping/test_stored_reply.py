from typing import Any

import pytest
from anthropic.types import Message
from openai.types import Completion
from openai.types.chat import ChatCompletion
from openai.types.responses import Response
from pydantic import BaseModel

from proxy.dialects.dialect import CallerDialect
from proxy.worker.endpoints import ENDPOINTS
from proxy.worker.shaping.stored_reply import plain_reply, takes_text

CALLERS: dict[str, CallerDialect] = {each.name: each.caller for each in ENDPOINTS.values()}
HI = [{"role": "user", "content": "hi"}]
BODIES: dict[str, dict[str, Any]] = {
    "chat": {"messages": HI},
    "completions": {"prompt": "hi"},
    "responses": {"input": "hi"},
    "messages": {"messages": HI, "max_tokens": 9},
}


@pytest.mark.parametrize(
    ("endpoint", "type"),
    [("chat", ChatCompletion), ("completions", Completion), ("responses", Response), ("messages", Message)],
)
def test_the_official_clients_read_it_as_any_reply(endpoint: str, type: type[BaseModel]) -> None:
    raw = plain_reply(CALLERS[endpoint], "We will be back.", "talk", BODIES[endpoint] | {"model": "talk"}, "0199-7")
    said: Any = type.model_validate_json(raw, strict=True)
    text = {
        "chat": lambda: said.choices[0].message.content,
        "completions": lambda: said.choices[0].text,
        "responses": lambda: said.output_text,
        "messages": lambda: said.content[0].text,
    }[endpoint]()
    assert (text, said.model) == ("We will be back.", "talk")


@pytest.mark.parametrize("endpoint", BODIES)
def test_a_text_stands_in_for_a_text(endpoint: str) -> None:
    assert takes_text(endpoint, BODIES[endpoint])
    assert takes_text(endpoint, BODIES[endpoint] | {"response_format": {"type": "text"}, "tools": []})


@pytest.mark.parametrize(
    ("endpoint", "wish"),
    [
        ("chat", {"response_format": {"type": "json_object"}}),
        ("chat", {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}}),
        ("chat", {"response_format": "strange"}),
        ("chat", {"tools": [{"type": "function", "function": {"name": "look"}}]}),
        ("chat", {"functions": [{"name": "look"}]}),
        ("chat", {"modalities": ["text", "audio"]}),
        ("responses", {"text": {"format": {"type": "json_schema", "name": "x", "schema": {}}}}),
        ("messages", {"output_config": {"format": {"type": "json_schema", "schema": {}}}}),
        ("messages", {"output_format": {"type": "json_schema", "schema": {}}}),
    ],
)
def test_it_never_stands_in_for_another_form(endpoint: str, wish: dict[str, Any]) -> None:
    assert not takes_text(endpoint, BODIES[endpoint] | wish)


@pytest.mark.parametrize("endpoint", ["embeddings", "count_tokens"])
def test_it_is_no_vector_and_no_number(endpoint: str) -> None:
    assert not takes_text(endpoint, {"input": "hi", "messages": HI})
