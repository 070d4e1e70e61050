"""The body of `generateContent`: ai.google.dev/api/generate-content, field names of google-genai 3.4."""

from typing import Any

import msgspec
import pytest

from proxy.canonical.ask import Ask, Tool, Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import CacheMark, Text
from proxy.dialects.dialect import Destination
from proxy.dialects.gemini.request_write import write
from proxy.refusal import Refusal

HI = [Turn(role="user", parts=[Text(text="Hi", cache=CacheMark())])]


def body(losses: Losses | None = None, **asked: Any) -> dict[str, Any]:
    asked.setdefault("turns", HI)
    to = Destination(provider="google", model="gemini-3-flash")
    written: dict[str, Any] = msgspec.json.decode(write(Ask(**asked), to, losses or Losses("google")))
    return written


def test_a_question_is_all_that_is_said() -> None:
    assert body(user="ann", cache_key="k", service_tier="auto", verbosity="low", stream=True) == {
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}]
    }


def test_every_room_of_the_request_is_filled() -> None:
    said = body(
        turns=[Turn(role="system", parts=[Text(text="Be kind.")]), *HI],
        tools=[Tool(name="now")],
        temperature=0.0,
        service_tier="flex",
    )
    assert said == {
        "systemInstruction": {"parts": [{"text": "Be kind."}]},
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "tools": [{"functionDeclarations": [{"name": "now"}]}],
        "generationConfig": {"temperature": 0.0},
        "serviceTier": "flex",
    }


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"service_tier": "scale"}, "service_tier"),
        ({"others": {"logit_bias": {"1": 2}}}, "logit_bias"),
        ({"others": {"previous_response_id": "r"}}, "previous_response_id"),
    ],
)
def test_what_google_cannot_be_told_is_named(asked: dict[str, Any], param: str) -> None:
    with pytest.raises(Refusal) as refused:
        body(**asked)
    assert refused.value.param == param


def test_another_request_is_never_made_of_it() -> None:
    with pytest.raises(Refusal):
        body(Losses("google", drop=True), others={"previous_response_id": "r"})
