"""What is known of a model is found under every name that a provider gives it, and under no other.

Figures by hand: platform.claude.com/docs/en/about-claude/models/overview (Sonnet 4.5: 200K, 64K output; Opus 4.6: 1M,
128K output), developers.openai.com/api/docs/models (GPT-4o mini: 128,000, 16,384 output).
"""

import subprocess
import sys

import pytest

from gatewatch.models.facts import NOTHING, ModelFacts
from gatewatch.models.shelf import REMEMBERED, Shelf, facts_of

SONNET = ModelFacts(
    context_window=200_000, max_output=64_000, input=("text", "image", "pdf"), output=("text",), thinking="budget"
)


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("anthropic", "claude-sonnet-4-5"),
        ("anthropic", "claude-sonnet-4-5-20250929"),
        ("anthropic", "claude-sonnet-4-5-20991231"),
        ("anthropic", "Claude-Sonnet-4-5"),
        ("anthropic", "claude-sonnet-4.5"),
        ("vertex", "claude-sonnet-4-5@20250929"),
        ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("litellm", "anthropic/claude-sonnet-4-5"),
        ("portkey", "@anthropic/claude-sonnet-4-5"),
        ("crazyrouter", "claude-sonnet-4-5"),
        ("sandbox", "claude-sonnet-4-5"),
        ("azure", "claude-sonnet-4-5"),
    ],
)
def test_one_model_is_found_under_all_its_names(provider: str, name: str) -> None:
    assert facts_of(provider, name) == SONNET


def test_what_an_aggregator_does_not_tell_the_vendor_does() -> None:
    found = facts_of("openrouter", "openai/gpt-4o-mini")
    assert (found.context_window, found.max_output, found.thinking) == (128_000, 16_384, "none")
    assert "image" in facts_of("openrouter", "google/gemini-2.5-pro").input


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("anthropic", "my-own-model"),
        ("nobody", "claude-sonnet-4-5"),
        ("ollama", "llama3"),
        ("openai", ""),
        ("openai", "x" * 100_000),
        ("../../prices/base/openai", "gpt-4o"),
        ("", "gpt-4o"),
    ],
)
def test_nothing_is_known_of_what_nobody_knows(provider: str, name: str) -> None:
    assert facts_of(provider, name) == NOTHING


def test_names_that_a_provider_takes_are_known_and_retired_ones_are_not_shown() -> None:
    shelf = Shelf()
    assert {"claude-sonnet-4-5", "claude-2"} <= set(shelf.names("anthropic"))
    assert "claude-2" not in shelf.current_names("anthropic")
    assert "claude-sonnet-4-5" in shelf.current_names("vertex"), "a cloud takes the names that it resells"
    assert not any("claude" in name for name in shelf.names("google"))
    assert shelf.names("nobody") == []


def test_hostile_names_do_not_pile_up() -> None:
    shelf = Shelf()
    for n in range(REMEMBERED + 10):
        shelf.facts_of("nobody", f"m{n}")
    assert len(shelf._found) <= REMEMBERED


def test_a_worker_that_looks_at_it_imports_little() -> None:
    script = (
        "import sys; from gatewatch.models.shelf import facts_of; facts_of('openai', 'gpt-4o');"
        "print(*{name.partition('.')[0] for name in sys.modules} & {'genai_prices', 'pydantic', 'httpx', 'duckdb'})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
