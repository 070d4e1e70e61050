"""`ConverseRequest` and `CountTokensRequest` of the API reference (botocore's service model)."""

from typing import Any

import msgspec
import pytest

from gatewatch.providers.quirks import Quirks
from proxy.canonical.ask import Ask, Format, Thinking, Tool, Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Text
from proxy.dialects.bedrock_converse.request_write import write, write_count
from proxy.dialects.dialect import Destination
from proxy.refusal import Refusal

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "amazon.nova-pro-v1:0"
HI = [Turn(role="user", parts=[Text(text="Hi")])]
MESSAGES = [{"role": "user", "content": [{"text": "Hi"}]}]
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
USUAL = Quirks()


def body(losses: Losses | None = None, model: str = CLAUDE, quirks: Quirks = USUAL, **asked: Any) -> dict[str, Any]:
    asked.setdefault("turns", HI)
    to = Destination(provider="aws", model=model, quirks=quirks)
    said: dict[str, Any] = msgspec.json.decode(write(Ask(**asked), to, losses or Losses("aws")))
    return said


def test_a_question_is_all_that_is_said() -> None:
    said = body(user="ann", cache_key="k", service_tier="auto", verbosity="low", stream=True, n=1, top_p=1.0)
    assert said == {"messages": MESSAGES}


def test_every_room_of_the_request_is_filled() -> None:
    said = body(
        turns=[Turn(role="system", parts=[Text(text="Be kind.")]), *HI],
        tools=[Tool(name="now")],
        max_output=100,
        temperature=0.5,
        top_k=40,
        stop=["END"],
        service_tier="flex",
        format=Format(kind="schema", name="it", schema=SCHEMA, description="D"),
    )
    form = {"schema": '{"type":"object","properties":{"a":{"type":"string"}}}', "name": "it", "description": "D"}
    assert said == {
        "system": [{"text": "Be kind."}],
        "messages": MESSAGES,
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "now", "inputSchema": {"json": {"type": "object", "properties": {}}}}}]
        },
        "inferenceConfig": {"maxTokens": 100, "temperature": 0.5, "stopSequences": ["END"]},
        "additionalModelRequestFields": {"top_k": 40},
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
        "outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": form}}},
        "serviceTier": {"type": "flex"},
    }


def test_nova_has_its_own_fields() -> None:
    said = body(model=NOVA, top_k=20, temperature=0.1, top_p=0.9)
    assert said["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 20}}
    assert said["inferenceConfig"] == {"temperature": 0.1, "topP": 0.9}


def test_thinking_makes_room_for_the_reply() -> None:
    said = body(thinking=Thinking(budget=2000), temperature=1.0)
    assert said["additionalModelRequestFields"] == {"thinking": {"type": "enabled", "budget_tokens": 2000}}
    assert said["inferenceConfig"] == {"maxTokens": 6096, "temperature": 1.0}
    adaptive = body(model="us.anthropic.claude-opus-4-6-v1", thinking=Thinking(effort="low"))
    assert adaptive["outputConfig"] == {"effort": "low"}


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"n": 2}, "n"),
        ({"seed": 0}, "seed"),
        ({"presence_penalty": 0.1}, "presence_penalty"),
        ({"frequency_penalty": 0.1}, "frequency_penalty"),
        ({"logprobs": True}, "logprobs"),
        ({"temperature": 1.5}, "temperature"),
        ({"temperature": 0.5, "top_p": 0.9}, "top_p"),
        ({"temperature": 0.5, "thinking": Thinking(budget=2000)}, "temperature"),
        ({"top_p": 0.5, "thinking": Thinking(budget=2000)}, "top_p"),
        ({"top_k": 5, "thinking": Thinking(budget=2000)}, "top_k"),
        ({"temperature": 0.5, "model": "us.anthropic.claude-opus-5"}, "temperature"),
        ({"top_k": 5, "model": "meta.llama3-3-70b-instruct-v1:0"}, "top_k"),
        ({"stop": [" "]}, "stop"),
        ({"format": Format(kind="json")}, "format"),
        ({"format": Format(kind="schema", schema=SCHEMA), "model": NOVA}, "format"),
        ({"service_tier": "scale"}, "service_tier"),
        ({"others": {"logit_bias": {"1": 2}}}, "logit_bias"),
        ({"others": {"previous_response_id": "r"}}, "previous_response_id"),
        ({"service_tier": "flex", "quirks": Quirks(refuses=("serviceTier",))}, "serviceTier"),
    ],
)
def test_what_bedrock_cannot_be_told_is_named(asked: dict[str, Any], param: str) -> None:
    with pytest.raises(Refusal) as refused:
        body(**asked)
    assert refused.value.param == param


def test_what_is_dropped_is_gone_and_told() -> None:
    losses = Losses("aws", drop=True)
    assert body(losses, seed=7, temperature=2.0, n=3) == {"messages": MESSAGES}
    assert losses.dropped == ["n", "seed", "temperature"]


def test_counting_takes_what_has_tokens() -> None:
    to = Destination(provider="aws", model=CLAUDE)
    ask = Ask(turns=HI, tools=[Tool(name="now")], max_output=5)
    said = msgspec.json.decode(write_count(ask, to, Losses("aws")))
    assert said["input"]["converse"].keys() == {"messages", "toolConfig"}
