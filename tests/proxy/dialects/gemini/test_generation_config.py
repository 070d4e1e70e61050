"""Field names of google-genai 3.4's `_GenerateContentConfig_to_mldev`."""

from typing import Any

import pytest

from gatewatch.models.facts import ModelFacts
from gatewatch.providers.quirks import Quirks
from proxy.canonical.ask import Ask, Format, Thinking, Tool, Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Image, Source
from proxy.dialects.dialect import Destination
from proxy.dialects.gemini.generation_config import generation_config
from proxy.refusal import Refusal

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


USUAL = Quirks()


def config(
    quirks: Quirks = USUAL,
    losses: Losses | None = None,
    turns: Any = (),
    model: str = "gemini-3-flash",
    most: int | None = None,
    **asked: Any,
) -> dict[str, Any]:
    to = Destination(provider="google", model=model, quirks=quirks, facts=ModelFacts(max_output=most))
    return generation_config(Ask(turns=list(turns), **asked), to, losses or Losses("google"))


def test_sampling_goes_by_googles_names() -> None:
    assert config(
        max_output=100,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        stop=["END"],
        seed=7,
        n=2,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        logprobs=True,
        top_logprobs=3,
    ) == {
        "maxOutputTokens": 100,
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
        "stopSequences": ["END"],
        "seed": 7,
        "candidateCount": 2,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "responseLogprobs": True,
        "logprobs": 3,
    }


def test_what_changes_nothing_is_not_said() -> None:
    assert config(n=1, presence_penalty=0.0, frequency_penalty=0, logprobs=False, stop=[]) == {}


def test_a_json_schema_goes_as_it_is() -> None:
    assert config(format=Format(kind="schema", schema=SCHEMA, strict=True)) == {
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
    }


def test_a_schemas_description_stands_in_it() -> None:
    said = config(format=Format(kind="schema", schema=SCHEMA, description="Where it is."))
    assert said["responseJsonSchema"] == {**SCHEMA, "description": "Where it is."}
    assert "description" not in SCHEMA


def test_any_json_needs_no_schema() -> None:
    assert config(format=Format(kind="json")) == {"responseMimeType": "application/json"}


def test_a_sixth_stop_sequence_is_lost() -> None:
    with pytest.raises(Refusal, match="stop"):
        config(stop=list("abcdef"))
    losses = Losses("google", drop=True)
    assert config(losses=losses, stop=list("abcdef")) == {"stopSequences": list("abcde")}
    assert losses.dropped == ["stop"]


def test_a_ninth_reply_is_lost() -> None:
    assert config(n=8) == {"candidateCount": 8}
    with pytest.raises(Refusal, match="'n'"):
        config(n=9)


def test_a_parameter_that_the_provider_refuses_is_lost() -> None:
    losses = Losses("google", drop=True)
    quirks = Quirks(refuses=("frequencyPenalty",))
    assert config(quirks, losses, frequency_penalty=1.0, seed=1) == {"seed": 1}
    assert losses.dropped == ["frequency_penalty"]


def test_a_provider_without_schemas_is_asked_for_any_json() -> None:
    losses = Losses("google", drop=True)
    said = config(Quirks(json_schema=False), losses, format=Format(kind="schema", schema=SCHEMA))
    assert said == {"responseMimeType": "application/json"}
    assert losses.dropped == ["format"]


@pytest.mark.parametrize(
    ("details", "level"),
    [(["low"], "LOW"), (["low", None], None), (["low", "high"], "HIGH"), (["auto"], None), ([], None)],
)
def test_the_detail_of_images_is_one_for_the_request(details: list[str | None], level: str | None) -> None:
    images = [Image(source=Source(url="https://x.test/a.png"), detail=detail) for detail in details]
    said = config(turns=[Turn(role="user", parts=list(images))])
    assert said == ({"mediaResolution": f"MEDIA_RESOLUTION_{level}"} if level else {})


def test_thinking_stands_with_the_rest() -> None:
    assert config(thinking=Thinking(effort="low")) == {"thinkingConfig": {"thinkingLevel": "LOW"}}


def test_more_than_a_model_can_say_is_all_it_can_say() -> None:
    assert config(max_output=128_000, most=65_536) == {"maxOutputTokens": 65_536}
    assert config(max_output=100, most=65_536) == {"maxOutputTokens": 100}
    assert config(most=65_536) == {}


def test_an_older_model_takes_no_format_together_with_tools() -> None:
    asked: dict[str, Any] = {"format": Format(kind="json"), "tools": [Tool(name="now")]}
    assert config(**asked) == {"responseMimeType": "application/json"}
    losses = Losses("google", drop=True)
    assert config(losses=losses, model="gemini-2.5-flash", **asked) == {}
    assert losses.dropped == ["format"]
