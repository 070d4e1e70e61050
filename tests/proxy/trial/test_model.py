import pytest

from gatewatch.models.facts import ModelFacts
from proxy.trial.model import cheapest, embeds


def test_the_cheapest_of_the_price_list_is_taken() -> None:
    """openai.com/api/pricing: gpt-4o 2.50 + 10.00, gpt-4o-mini 0.15 + 0.60, gpt-4-turbo 10 + 30 USD per million."""
    assert cheapest("openai", ["gpt-4-turbo", "gpt-4o-mini", "gpt-4o"]) == "gpt-4o-mini"


def test_without_prices_the_first_one_is() -> None:
    assert cheapest("nobody", ["b", "a"]) == "b"
    assert cheapest("nobody", []) is None


@pytest.mark.parametrize(
    ("model", "facts", "does"),
    [
        ("text-embedding-3-small", ModelFacts(), True),
        ("gpt-4o", ModelFacts(), False),
        ("bge-m3", ModelFacts(output=("embedding",)), True),
        ("embed-chat", ModelFacts(output=("text",)), False),
    ],
)
def test_what_makes_vectors_is_known_or_told_by_its_name(model: str, facts: ModelFacts, does: bool) -> None:
    assert embeds(model, facts) is does
