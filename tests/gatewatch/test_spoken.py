"""Whether a call was translated is known from its endpoint and the dialect in which its provider was asked."""

import pytest

from gatewatch.providers.dialects import DIALECTS
from gatewatch.spoken import ENDPOINT_DIALECTS, passage, translated
from proxy.dialects.registry import provider_dialect
from proxy.worker.endpoints import ENDPOINTS


def test_every_endpoint_of_the_gateway_has_its_dialect() -> None:
    assert {endpoint.name for endpoint in ENDPOINTS.values()} == set(ENDPOINT_DIALECTS)


@pytest.mark.parametrize("endpoint", ENDPOINT_DIALECTS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_told_is_what_the_gateway_does(endpoint: str, dialect: str) -> None:
    assert translated(endpoint, dialect) == (endpoint not in provider_dialect(dialect, "https://api.example").endpoints)


def test_it_is_told_in_words() -> None:
    assert passage("messages", "gemini") == "translated from anthropic-messages to gemini"
    assert passage("embeddings", "openai-chat") == "as it came, in openai-chat"
    assert passage("chat", None) is None, "no provider was asked"
    assert passage("/v1/files", "openai-chat") is None
    assert passage(None, None) is None
