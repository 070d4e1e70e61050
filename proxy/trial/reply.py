"""What a good reply says: the model that served it, what it used, what that costs by the price book."""

import time
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from gatewatch.call import Tokens
from gatewatch.money import usd_text
from gatewatch.prices.book import PriceBook
from gatewatch.prices.overrides import load_file
from gatewatch.prices.rate import price_for, rate
from gatewatch.usage import openai
from proxy.dialects.dialect import Destination, Embedder, ProviderDialect
from proxy.dialects.provider_error import NotThisDialect
from proxy.settings import Provider


class Used(NamedTuple):
    """What one call took."""

    served_model: str | None
    tokens: dict[str, int] | None
    cost_usd: str
    cost_basis: str


def read_reply(
    control: Path, provider: Provider, dialect: ProviderDialect, to: Destination, body: bytes, *, embedding: bool
) -> Used:
    """`control`: the store with the operator's prices. Raises ProviderError (whatever the status), NotThisDialect."""
    served, usage, tokens = _embedding(dialect, to, body) if embedding else _answer(dialect, body)
    cost, basis = _cost(control, provider, to.model, served, usage, tokens)
    return Used(
        served_model=served,
        tokens=msgspec.to_builtins(tokens) if tokens else None,
        cost_usd="unpriced" if cost is None else usd_text(cost),
        cost_basis=basis,
    )


def _answer(dialect: ProviderDialect, body: bytes) -> tuple[str | None, Any, Tokens | None]:
    answer = dialect.read(body)
    return answer.model, answer.usage.raw, answer.usage.tokens


def _embedding(dialect: ProviderDialect, to: Destination, body: bytes) -> tuple[str | None, Any, Tokens | None]:
    usage: Any = None
    if isinstance(dialect, Embedder):
        body, usage = dialect.read_embeddings(body, {"model": to.model, "input": "OK"})
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NotThisDialect("no JSON") from None
    if not isinstance(said, dict) or not isinstance(said.get("data"), list):
        raise NotThisDialect("no embeddings")
    model = said.get("model")
    usage = usage or said.get("usage")
    return model if isinstance(model, str) else None, usage, openai.read(usage)


def _cost(
    control: Path, provider: Provider, model: str, served: str | None, usage: Any, tokens: Tokens | None
) -> tuple[int | None, str]:
    if field := provider.quirks.reports_cost:
        said = openai.reported_cost(usage, field)
        if said is not None:
            return said, "reported"
    if tokens is None:
        return None, "unpriced"
    book = PriceBook.open(load_file(control))
    row = price_for(book, provider.price_provider, model, served, time.time_ns() // 1000, "standard", tokens.input)
    cost = rate(tokens, row) if row else None
    return cost, "unpriced" if cost is None else "computed"
