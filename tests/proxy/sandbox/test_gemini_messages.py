"""The tables against google-genai: no field is called otherwise, and what is Vertex's alone is so for the SDK too."""

import pytest
from google.genai import types

from proxy.sandbox.gemini_messages import MESSAGES, OF_VERTEX

OF_THE_API = {"Content", "Part", "Blob", "FileData", "FunctionCall", "FunctionResponse", "FunctionResponsePart", "Tool"}
OF_THE_API |= {"FunctionDeclaration", "Schema", "ToolConfig", "FunctionCallingConfig", "SafetySetting"}
OF_THE_API |= {"ThinkingConfig", "GenerationConfig"}

_BESIDE = {"imageConfig", "continuationToken"}
"""Which the SDK puts into generationConfig from types.GenerateContentConfig."""


def names(message: str) -> set[str]:
    return {field.alias or name for name, field in getattr(types, message).model_fields.items()}


@pytest.mark.parametrize("message", sorted(OF_THE_API))
def test_every_field_has_the_name_of_the_sdk(message: str) -> None:
    own = _BESIDE if message == "GenerationConfig" else set()
    assert set(MESSAGES[message]) - own <= names(message)
    assert set(OF_VERTEX[message]) - own <= names(message)


@pytest.mark.parametrize(
    ("message", "only_vertex"),
    [
        ("Schema", {"additionalProperties", "defs", "ref"}),  # google.genai._transformers.process_schema
        ("SafetySetting", {"method"}),  # google.genai.models._SafetySetting_to_mldev
        (
            "GenerationConfig",
            {"audioTimestamp", "routingConfig"},
        ),  # ….models._GenerateContentConfig_to_mldev
        ("GenerateContentRequest", {"labels", "modelArmorConfig"}),
    ],
)
def test_these_are_vertexs_alone(message: str, only_vertex: set[str]) -> None:
    assert set(OF_VERTEX[message]) - set(MESSAGES[message]) == only_vertex


def test_every_message_that_is_named_is_there() -> None:
    scalars = {"string", "bool", "bytes", "int32", "int64", "float", "struct", "value"}
    for messages in (MESSAGES, OF_VERTEX):
        for fields in messages.values():
            for kind in fields.values():
                inner = kind[0] if isinstance(kind, list) else kind
                if isinstance(inner, str):
                    assert inner.removeprefix("map ") in messages.keys() | scalars
