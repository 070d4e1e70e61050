"""Settle: what the call used and what that costs, for plain and streamed replies, whole and broken ones alike."""

import logging
import sqlite3
import time
from copy import copy
from pathlib import Path
from typing import Any

import msgspec

from gatewatch.call import Call, Tokens
from gatewatch.prices.book import PriceBook
from gatewatch.prices.overrides import load_file
from gatewatch.prices.rate import price_for, rate
from gatewatch.prices.row import TOKEN_METERS, PriceRow
from gatewatch.usage.anthropic import US_PREMIUM_PERCENT
from gatewatch.usage.details import Details, together
from gatewatch.usage.openai import reported_cost
from proxy import estimate
from proxy.canonical.seen import Seen
from proxy.estimate import Size
from proxy.settings import Provider
from proxy.worker.further_models import answering
from proxy.worker.kept_usage import kept_usage

log = logging.getLogger("gatewatch.worker")

_PRICED_TIERS = frozenset(
    {"flex", "priority", "fast", "batch", "ultrafast", "offpeak", "reserved", "provisioned_throughput"}
)
"""Service tiers with prices of their own, or that are not charged by the token: where no list has them, a call is
unpriced. Any other (`auto`, `default`, `on_demand`, `scale`) costs what the standard tier does."""
PROMPT_CACHE = "prompt_cache"
"""Parameter of a row: cache markers were set for the caller, and what they keep costs more than reading it."""
_NO_DETAILS = Details()
_DEARER = frozenset({"modalities", "inference_geo"})
"""Parameters for which tokens may cost more."""


class Meter:
    """Prices the calls of one worker, by the book and the operator's rows in the control store."""

    def __init__(self, control: Path) -> None:
        self._control = control
        self._overrides: list[PriceRow] = []
        self._book = PriceBook.open()
        self._percents: dict[str, int] = {}
        self._outputs: dict[str, int] = {}
        self.refresh()

    @property
    def book(self) -> PriceBook:
        """What calls are charged by at the moment."""
        return self._book

    def refresh(self) -> None:
        """Take over rows that the operator has added. Keeps what it has where the store cannot be read."""
        try:
            overrides = load_file(self._control)
        except sqlite3.Error as error:
            log.warning("prices: the control store cannot be read: %s", error)
            return
        if overrides != self._overrides:
            self._overrides = overrides
            self._book = PriceBook.open(overrides)

    def learn(self, percents: dict[str, int], outputs: dict[str, int]) -> None:
        """`PROVIDER/MODEL` → percent of the estimate from the text's size, and output of a call that sets no limit."""
        self._percents, self._outputs = percents, outputs

    def reckon(self, call: Call, provider: Provider, model: str, body: dict[str, Any]) -> None:
        """Before anything is sent: fill in what the call will probably cost, and note what it was reckoned with."""
        if call.endpoint == "count_tokens":
            self.free(call)
            return
        call.estimate_percent = self._percent(provider, model)
        size = estimate.size(body)
        self._estimate(call, provider, model, body, size)
        call.estimated_input_tokens, call.estimated_output_tokens = call.input_uncached_tokens, call.output_tokens
        call.estimated_others = size.others

    def estimate(self, call: Call, provider: Provider, model: str, body: dict[str, Any]) -> None:
        """Fill in what the call will probably cost: what stays in the ledger if it is never closed."""
        if call.endpoint == "count_tokens":
            self.free(call)
            return
        self._estimate(call, provider, model, body, estimate.size(body))

    def likely_cost(self, call: Call, provider: Provider, model: str, body: dict[str, Any], size: Size) -> int | None:
        """Picodollars that the call would probably cost there; None: it has no price. The call stays as it is."""
        if call.endpoint == "count_tokens":
            return 0
        reckoned = copy(call)
        self._estimate(reckoned, provider, model, body, size)
        return reckoned.cost_picos

    def input_tokens(self, provider: Provider, model: str, body: dict[str, Any]) -> int:
        """Tokens that the request probably has, as the ledger has taught."""
        return self.tokens_of(provider, model, estimate.size(body))

    def tokens_of(self, provider: Provider, model: str, size: Size) -> int:
        """The same of a request whose size is known."""
        return estimate.tokens_of(model, size, self._percent(provider, model))

    def _estimate(self, call: Call, provider: Provider, model: str, body: dict[str, Any], size: Size) -> None:
        if PROMPT_CACHE in call.params and not size.writes:
            size = size._replace(writes="5m")
        output = 0 if call.endpoint == "embeddings" else self._output_tokens(call.endpoint, provider, model, body)
        tokens = Tokens(input_uncached=self.tokens_of(provider, model, size), output=output)
        tier = "fast" if body.get("speed") == "fast" else body.get("service_tier")
        self._price(call, provider, model, tokens, "estimated", tier)
        if call.cost_picos and (size.writes or size.searches or not _DEARER.isdisjoint(body)):
            call.cost_picos = max(call.cost_picos, self._dearer(call, provider, model, body, size, tier) or 0)

    def _dearer(
        self, call: Call, provider: Provider, model: str, body: dict[str, Any], size: Size, tier: object
    ) -> int | None:
        """What the call costs where all that it asks for beside plain text is done."""
        asked, modalities = call.tokens(), body.get("modalities")
        said = isinstance(modalities, list) and "audio" in modalities
        tokens = Tokens(
            input_uncached=0 if size.writes else asked.input_uncached,
            input_cache_write_5m=asked.input_uncached if size.writes == "5m" else 0,
            input_cache_write_1h=asked.input_uncached if size.writes == "1h" else 0,
            output=asked.output,
            output_audio=asked.output if said else 0,
        )
        row = self._row(call, provider, model, None, tokens, tier)
        premium = US_PREMIUM_PERCENT if body.get("inference_geo") == "us" else 0
        return rate(tokens, row, searches=size.searches, premium_percent=premium) if row else None

    def settle(self, call: Call, provider: Provider, model: str, body: dict[str, Any], seen: Seen, whole: bool) -> None:
        """Fill in tokens and cost from the provider's usage, or from what was produced where there is none.

        `whole` says that the reply ended as it should: usage from a broken one is not the last word.
        """
        if call.endpoint == "count_tokens":  # no provider charges for it
            self.free(call)
            return
        call.usage = kept_usage(seen.usage)
        call.served_model, call.finish_reason = seen.served_model, seen.finish_reason
        whole = whole and not seen.is_provisional
        tokens, details = seen.tokens(), seen.details()
        basis = "computed" if whole and tokens else "estimated"
        if tokens is None:
            tokens = Tokens(
                input_uncached=self.input_tokens(provider, model, body),
                output=estimate.tokens_of_text(model, seen.produced_characters),
            )
            details = _NO_DETAILS
        elif not whole:  # what is counted at a stream's beginning says next to nothing of the output
            said = estimate.tokens_of_text(model, seen.produced_characters)
            tokens = msgspec.structs.replace(tokens, output=max(tokens.output, said))
        asked = None if "service_tier" in call.dropped_params else body.get("service_tier")
        tier = seen.service_tier or asked
        if seen.served_model and seen.served_model != model:
            model = answering(body, model, seen.served_model)
        self._price(call, provider, model, tokens, basis, tier, seen.searches, seen.file_searches, details)
        if seen.unpriced_pieces:
            call.cost_picos, call.cost_basis = None, "unpriced"
        if basis == "computed" and (field := provider.quirks.reports_cost):
            reported = reported_cost(seen.usage, field)
            if reported is not None:
                call.cost_picos, call.cost_basis = reported, "reported"

    def cost_of(self, call: Call, provider: Provider, model: str, tokens: Tokens, tier: object) -> int | None:
        """Picodollars of so many tokens, whatever the call's own are; None: the model has no price."""
        if call.endpoint == "count_tokens":
            return 0
        row = self._row(call, provider, model, None, tokens, tier)
        return rate(tokens, row) if row else None

    def dearest(self, call: Call, provider: Provider, model: str) -> int:
        """Picodollars of all the call's tokens, as if each were of the dearest kind; 0: nothing has a price."""
        rows = self._book.rows(provider.price_provider, model)
        prices = (getattr(row.prices, name) or 0 for row in rows for name in TOKEN_METERS)
        tokens = call.tokens()
        return (tokens.input + tokens.output) * max(prices, default=0)

    def free(self, call: Call) -> None:
        """Nothing was bought: refused, or failed before any reply."""
        call.set_tokens(Tokens())
        call.cost_picos = 0
        call.cost_basis = "computed"
        call.price_row = None

    def _percent(self, provider: Provider, model: str) -> int:
        return self._percents.get(f"{provider.name}/{model}", 100) if self._percents else 100

    def _output_tokens(self, endpoint: str, provider: Provider, model: str, body: dict[str, Any]) -> int:
        usual = estimate.DEFAULT_OUTPUT_TOKENS
        if self._outputs:
            usual = self._outputs.get(f"{provider.name}/{model}", usual)
        most = estimate.output_tokens(endpoint, body, usual, model)
        if provider.quirks.refuses and not estimate.LENGTHS.isdisjoint(provider.quirks.refuses):  # no limit reaches it
            unlimited = {name: value for name, value in body.items() if name not in estimate.LENGTHS}
            most = max(most, estimate.output_tokens(endpoint, unlimited, usual, model))
        return most

    def _price(
        self,
        call: Call,
        provider: Provider,
        model: str,
        tokens: Tokens,
        basis: str,
        tier: object,
        searches: int = 0,
        file_searches: int = 0,
        details: Details = _NO_DETAILS,
    ) -> None:
        """Other models that worked for the reply are charged by their own rows; the call names its own model's."""
        row = self._row(call, provider, model, call.served_model, tokens, tier)
        premium = details.premium_percent
        cost = None
        if row:
            cost = rate(
                tokens,
                row,
                searches=searches,
                file_searches=file_searches,
                cached_audio=details.cached_audio,
                output_image=details.output_image,
                audio_seconds=details.audio_seconds,
                premium_percent=premium,
            )
        for name, used in details.others:
            other = self._row(call, provider, name, None, used, tier)
            its_cost = rate(used, other, premium_percent=premium) if other else None
            cost = None if cost is None or its_cost is None else cost + its_cost
        call.set_tokens(together(tokens, *(used for _, used in details.others)) if details.others else tokens)
        call.cost_picos = cost
        call.cost_basis = basis if cost is not None else "unpriced"
        call.price_row = row.id if row else None

    def _row(
        self, call: Call, provider: Provider, model: str, served: str | None, tokens: Tokens, tier: object
    ) -> PriceRow | None:
        known, at = tier if isinstance(tier, str) and tier in _PRICED_TIERS else "standard", call.started_at
        if call.deferred is not None:  # a batch has its own tier, whatever its replies say, and cheap hours are now
            known, at = "batch" if call.deferred == "batch" else known, time.time_ns() // 1000
        return price_for(self._book, provider.price_provider, model, served, at, known, tokens.input)
