import pytest

from proxy.sandbox.anthropic_manners import ANTHROPIC
from proxy.sandbox.azure_manners import AZURE
from proxy.sandbox.manners import Manners
from proxy.sandbox.openai_manners import OPENAI
from proxy.sandbox.routes import find


@pytest.mark.parametrize(
    ("target", "manners", "model"),
    [
        (b"/v1/chat/completions", OPENAI, None),
        (b"/v1/embeddings?x=1", OPENAI, None),
        (b"/openai/v1/completions", AZURE, None),
        (b"/openai/deployments/my%20gpt/chat/completions?api-version=1", AZURE, "my gpt"),
        (b"/v1/messages", ANTHROPIC, None),
        (b"/v1/messages/count_tokens?beta=true", ANTHROPIC, None),
    ],
)
def test_a_path_is_an_endpoint_and_may_name_the_model(target: bytes, manners: Manners, model: str | None) -> None:
    found = find(target)
    assert found is not None
    endpoint, place = found
    assert (endpoint.manners, place.model) == (manners, model)


def test_what_the_address_asks_is_kept() -> None:
    found = find(b"/v1/messages?beta=true&empty=")
    assert found is not None
    assert found[1].query == {"beta": "true", "empty": ""}


@pytest.mark.parametrize("target", [b"/", b"/v1", b"/v1/messages/", b"/openai/deployments/x", b"/\xff"])
def test_other_paths_are_nothing(target: bytes) -> None:
    assert find(target) is None
