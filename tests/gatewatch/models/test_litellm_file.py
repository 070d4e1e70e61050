"""LiteLLM's table in our terms: what can be asked for, under the provider's own name, with what it takes and makes.

The entries are in the shape that the table's own `sample_spec` documents.
"""

from typing import Any

import pytest

from gatewatch.models.facts import ModelFacts
from gatewatch.models.litellm_file import listed, other_names


def entry(provider: str, mode: str = "chat", **more: Any) -> dict[str, Any]:
    return {"litellm_provider": provider, "mode": mode, "max_input_tokens": 1000, "max_output_tokens": 100, **more}


def names(**table: dict[str, Any]) -> list[tuple[str, str]]:
    return [(sold_by, model.name) for sold_by, model in listed(table)]


@pytest.mark.parametrize(
    ("key", "provider", "found"),
    [
        ("gpt-4o", "openai", [("openai", "gpt-4o")]),
        ("gemini/gemini-2.5-pro", "gemini", [("google", "gemini-2.5-pro")]),
        ("vertex_ai/claude-opus-4-6@default", "vertex_ai-anthropic_models", [("vertex", "claude-opus-4-6@default")]),
        ("dashscope/qwen-plus", "dashscope", [("qwen", "qwen-plus")]),
        ("together_ai/zai-org/GLM-5", "together_ai", [("together", "zai-org/GLM-5")]),
        ("anthropic.claude-opus-4-6-v1", "bedrock_converse", [("bedrock", "anthropic.claude-opus-4-6-v1")]),
        ("groq/openai/gpt-oss-20b", "groq", [("groq", "openai/gpt-oss-20b")]),
        ("bedrock/us-east-1/anthropic.claude-v2:1", "bedrock", []),
        ("azure/eu/gpt-4o", "azure", []),
        ("ft:gpt-4o-2024-08-06", "openai", []),
        ("openai/container", "openai", []),
        ("together-ai-4.1b-8b", "together_ai", []),
        ("runwayml/gen4", "runwayml", []),
    ],
)
def test_a_model_stands_in_its_providers_list_by_its_own_name(
    key: str, provider: str, found: list[tuple[str, str]]
) -> None:
    assert names(**{key: entry(provider)}) == found


def test_pictures_speech_and_ranks_are_not_asked_for_here() -> None:
    table = {mode: entry("openai", mode) for mode in ("image_generation", "audio_speech", "rerank", "moderation")}
    assert names(**table) == []
    assert other_names(table) == {("openai", mode) for mode in table}


def test_what_a_model_takes_and_makes_is_read_from_flags_and_lists() -> None:
    flags = {"supports_vision": True, "supports_pdf_input": True, "supports_audio_input": False}
    lists = {"supported_modalities": ["video", "text"], "supported_output_modalities": ["text", "audio"]}
    (_, by_flags), (_, by_lists) = listed({"a": entry("anthropic", **flags), "gemini/b": entry("gemini", **lists)})
    assert by_flags.facts == ModelFacts(
        context_window=1000, max_output=100, input=("text", "image", "pdf"), output=("text",)
    )
    assert (by_lists.facts.input, by_lists.facts.output) == (("text", "video"), ("text", "audio"))


def test_of_an_entry_without_any_flag_modalities_are_not_known() -> None:
    ((_, model),) = listed({"together_ai/x": entry("together_ai")})
    assert (model.facts.input, model.facts.output) == ((), ())


def test_an_embedding_makes_vectors() -> None:
    ((_, model),) = listed({"text-embedding-3-small": entry("openai", "embedding")})
    assert model.facts == ModelFacts(context_window=1000, output=("embedding",))


def test_a_picture_that_openai_draws_with_a_tool_is_not_the_models_output() -> None:
    ((_, model),) = listed({"gpt-5.1": entry("openai", supported_output_modalities=["text", "image"])})
    assert model.facts.output == ("text",)
