"""Which model a provider is tried with where none is named, and what kind it is."""

import time

from gatewatch.models.facts import ModelFacts
from gatewatch.prices.book import PriceBook


def embeds(model: str, facts: ModelFacts) -> bool:
    """Whether it makes vectors instead of text."""
    return "embedding" in facts.output if facts.output else "embed" in model.lower()


def cheapest(price_provider: str, models: list[str]) -> str | None:
    """By what input and output tokens cost together; the first where none has a price, None where there is none."""
    book, now = PriceBook.open(), time.time_ns() // 1000
    priced: list[tuple[int, str]] = []
    for model in dict.fromkeys(models):
        row = book.find(price_provider, model, now)
        if row and row.prices.input is not None and row.prices.output:
            priced.append((row.prices.input + row.prices.output, model))
    if priced:
        return min(priced)[1]
    return models[0] if models else None
