"""Every dialect is found by its name, and is what the protocols of dialect.py say."""

import inspect
from types import FunctionType
from typing import Any

import pytest

from proxy.dialects.dialect import CallerDialect, Embedder, ProviderDialect, StreamReader, StreamWriter, TokenCounter
from proxy.dialects.registry import MODELS_PATHS, caller_dialects, provider_dialect

NAMES = ("openai-chat", "openai-responses", "anthropic-messages", "gemini", "bedrock-converse")
GEMINI = "https://generativelanguage.googleapis.com"
VERTEX = "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/publishers/google"


def fulfils(candidate: Any, protocol: type) -> None:
    """Attributes and methods with the same parameters, which mypy sees no more once a module is imported by name."""
    for name in protocol.__annotations__:
        assert hasattr(candidate, name), f"{candidate} has no {name}"
    for name, method in vars(protocol).items():
        if isinstance(method, FunctionType) and not name.startswith("_"):
            wanted = list(inspect.signature(method).parameters)[1:]
            assert list(inspect.signature(getattr(candidate, name)).parameters) == wanted, f"{candidate}.{name}"


@pytest.mark.parametrize("name", NAMES)
def test_a_provider_dialect_answers_to_its_name(name: str) -> None:
    dialect = provider_dialect(name, "https://provider.example")
    assert dialect.name == name
    fulfils(dialect, ProviderDialect)
    fulfils(dialect.reader(), StreamReader)
    for more in (TokenCounter, Embedder):
        if isinstance(dialect, more):
            fulfils(dialect, more)


def test_an_unknown_name_is_none() -> None:
    with pytest.raises(ValueError, match="telepathy"):
        provider_dialect("telepathy", "https://provider.example")


def test_vertex_is_told_by_its_address() -> None:
    path = "/v1beta/models/gemini-2.5-flash:generateContent"
    assert provider_dialect("gemini", GEMINI).path("chat", "gemini-2.5-flash", False) == path
    assert provider_dialect("gemini", VERTEX).path("chat", "gemini-2.5-flash", False) == path.removeprefix("/v1beta")


@pytest.mark.parametrize("endpoint", ["chat", "completions", "embeddings", "responses", "messages", "count_tokens"])
def test_every_endpoint_has_a_callers_dialect(endpoint: str) -> None:
    caller = caller_dialects()[endpoint]
    fulfils(caller, CallerDialect)
    fulfils(caller.writer({"model": "m", "prompt": ""}, "call"), StreamWriter)


def test_each_endpoint_is_at_most_one_providers_own() -> None:
    owned = [endpoint for name in NAMES for endpoint in provider_dialect(name, "https://x").endpoints]
    assert len(owned) == len(set(owned))
    assert set(owned) == caller_dialects().keys()


def test_lists_of_models_are_asked_of_dialects_that_exist() -> None:
    assert MODELS_PATHS.keys() <= set(NAMES)
