"""The lists are compiled the same from the same sources, and what they say is what vendors' pages say."""

import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatewatch.models.compile import compile_lists, table_of_wheel
from gatewatch.models.model_list import ListedModel, read_list, write_lists

AS_OF = date(2026, 11, 21)

CHAT: dict[str, Any] = {"mode": "chat", "supports_vision": True, "supports_function_calling": True}
TABLE: dict[str, Any] = {
    "sample_spec": {"litellm_provider": "one of https://docs.litellm.ai/docs/providers", "mode": "one of: chat"},
    "gpt-4o-mini": CHAT | {"litellm_provider": "openai", "max_input_tokens": 128000, "max_output_tokens": 16384},
    "gpt-5": CHAT | {"litellm_provider": "openai", "max_input_tokens": 272000, "max_output_tokens": 128000},
    "gpt-image-1": {"mode": "image_generation", "litellm_provider": "openai"},
    "gone": CHAT | {"litellm_provider": "openai", "deprecation_date": "2026-11-21"},
    "going": CHAT | {"litellm_provider": "openai", "deprecation_date": "2026-11-22"},
    "mistral/mistral-medium-latest": CHAT
    | {"litellm_provider": "mistral", "max_input_tokens": 262144, "max_output_tokens": 262144},
    "gemini/gemini-embedding-001": {"mode": "embedding", "litellm_provider": "gemini", "max_input_tokens": 2048},
}


def compiled() -> dict[str, dict[str, ListedModel]]:
    lists = compile_lists(TABLE, "litellm 9.9", AS_OF)
    return {name: {model.model: model for model in models} for name, models in lists.items()}


def test_the_same_sources_make_the_same_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    write_lists(tmp_path / "a", compile_lists(TABLE, "litellm 9.9", AS_OF))
    write_lists(tmp_path / "b", compile_lists(dict(reversed(TABLE.items())), "litellm 9.9", AS_OF))
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert "openai.jsonl" in files
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)


def test_a_line_says_what_is_known_and_from_where() -> None:
    assert msgspec.json.encode(compiled()["openai"]["gpt-4o-mini"]) == (
        b'{"model":"gpt-4o-mini","facts":{"context_window":128000,"max_output":16384,"input":["text","image"],'
        b'"output":["text"],"thinking":"none"},"source":"litellm 9.9"}'
    )


def test_a_window_that_is_told_without_the_output_becomes_the_whole_one() -> None:
    """OpenAI's page on GPT-5: context window 400,000, maximal output 128,000."""
    assert compiled()["openai"]["gpt-5"].facts.context_window == 400_000


def test_models_that_only_the_prices_know_are_in_too() -> None:
    o3 = compiled()["openai"]["o3"]
    assert (o3.facts.context_window, o3.facts.thinking, o3.retired) == (200_000, "adaptive", False)
    assert o3.source.startswith("genai-prices ")


def test_what_cannot_be_asked_for_is_left_out() -> None:
    openai = compiled()["openai"]
    assert not openai.keys() & {"gpt-image-1", "ft:gpt-4o", "whisper-1", "tts-1", "gpt-oss-120b", "moderation"}
    assert all("claude" not in name for name in compiled()["google"])


def test_what_is_no_longer_sold_is_marked_from_its_day_on() -> None:
    openai = compiled()["openai"]
    assert (openai["gone"].retired, openai["going"].retired) == (True, False)
    assert compiled()["anthropic"]["claude-2"].retired


def test_names_are_spelled_as_the_provider_takes_them() -> None:
    assert all("/" in name for name in compiled()["openrouter"])
    assert all("/" in name for name in compiled()["fireworks"])


def test_the_table_is_read_out_of_a_wheel(tmp_path: Path) -> None:
    wheel = tmp_path / "litellm-9.9.1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("litellm/model_prices_and_context_window_backup.json", msgspec.json.encode(TABLE))
    assert table_of_wheel(wheel) == (TABLE, "litellm 9.9.1")


@pytest.mark.parametrize(
    ("listed", "model", "window", "output", "takes"),
    [
        # platform.claude.com/docs/en/about-claude/models/overview
        ("anthropic", "claude-sonnet-4-5", 200_000, 64_000, ("text", "image", "pdf")),
        ("anthropic", "claude-haiku-4-5", 200_000, 64_000, ("text", "image", "pdf")),
        ("anthropic", "claude-opus-4-6", 1_000_000, 128_000, ("text", "image", "pdf")),
        # developers.openai.com/api/docs/models
        ("openai", "gpt-4o-mini", 128_000, 16_384, ("text", "image", "pdf")),
        ("openai", "gpt-4.1", 1_047_576, 32_768, ("text", "image", "pdf")),
        ("openai", "gpt-5-mini", 400_000, 128_000, ("text", "image", "pdf")),
        ("openai", "gpt-5.4", 1_050_000, 128_000, ("text", "image", "pdf")),
        ("openai", "o3", 200_000, 100_000, ("text", "image", "pdf")),
        ("openai", "text-embedding-3-small", 8_192, None, ()),
        # ai.google.dev/gemini-api/docs/models
        ("google", "gemini-2.5-pro", 1_048_576, 65_536, ("text", "image", "audio", "video", "pdf")),
        ("google", "gemini-2.5-flash", 1_048_576, 65_536, ("text", "image", "audio", "video", "pdf")),
        ("google", "gemini-embedding-001", 2_048, None, ()),
        # console.groq.com/docs/model/openai/gpt-oss-120b
        ("groq", "openai/gpt-oss-120b", 131_072, 65_536, ("text",)),
    ],
)
def test_shipped_figures_are_those_of_the_vendors_pages(
    listed: str, model: str, window: int, output: int | None, takes: tuple[str, ...]
) -> None:
    (found,) = (each.facts for each in read_list(listed) if each.model == model)
    assert (found.context_window, found.max_output, found.input) == (window, output, takes)
