"""What is known of a model, by the list it stands in."""

from gatewatch.models.facts import ModelFacts


def facts_of(price_provider: str, model: str) -> ModelFacts:
    """Empty where nothing is known."""
    del price_provider, model
    return ModelFacts()
