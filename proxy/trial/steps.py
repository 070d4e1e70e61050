"""The steps of one try: the address, the model, the call, what its reply says, and for a failure what would work."""

import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import msgspec

from gatewatch.config.base_url_form import other_forms
from gatewatch.errors import UsageError
from gatewatch.models.shelf import facts_of
from proxy.dialects.dialect import Destination
from proxy.dialects.provider_error import NotThisDialect, ProviderError
from proxy.rate_limits import rate_limits
from proxy.refusal import Refusal
from proxy.settings import Provider, Way
from proxy.trial.call import Caller, Reply, models_of
from proxy.trial.findings import Findings, harmless
from proxy.trial.model import cheapest, embeds
from proxy.trial.reply import read_reply
from proxy.trial.verdict import likely_models, next_step, unreachable, verdict
from proxy.upstream.address import Origin, resolve
from proxy.worker.signers import CannotSign

if TYPE_CHECKING:
    from collections.abc import Sequence

TRIED_ADDRESSES = 3
_ANSWERED = frozenset({401, 402, 403, 429})
"""Refusals that show that the address is right."""
_REQUEST_IDS = (b"x-request-id", b"request-id", b"x-amzn-requestid", b"apim-request-id", b"cf-ray")


class Trial:
    """Fills in `found`."""

    def __init__(self, provider: Provider, way: Way, caller: Caller, control: Path, found: Findings) -> None:
        self._provider = provider
        self._way = way
        self._caller = caller
        self._control = control
        self._found = found

    async def run(self, model: str | None, targets: "Sequence[str]") -> None:
        """`model`: the one to ask for; without, one of `targets`, or one that the provider lists. Raises UsageError."""
        try:
            await resolve(Origin(self._way.base_url.replace("{model}", "model")), self._provider.allow_private)
            model = model or cheapest(self._provider.price_provider, list(targets)) or await self._listed()
            if model is not None:
                self._found.model = model
                await self._ask(model)
        except socket.gaierror:
            self._found.problem = f"no host is called {Origin(self._way.base_url).host}"
            self._found.next_step = f"look at providers.{self._provider.name}.base_url, and at this machine's DNS"
        except httpx.HTTPError as error:
            problem, self._found.next_step = unreachable(error)
            self._found.problem = harmless(problem, self._provider)
        except (OSError, CannotSign) as error:
            self._found.problem = harmless(str(error), self._provider)
            self._found.next_step = "check base_url, and where its credentials are"

    async def _listed(self) -> str | None:
        """The cheapest that the provider lists; None where it lists nothing because something else is wrong."""
        listing = await self._caller.listing()
        model = cheapest(self._provider.price_provider, models_of(listing))
        if model is not None:
            return model
        if listing is None or listing.status == 200:
            raise UsageError(f"which model of {self._provider.name}?", "name one that it has: --model MODEL")
        self._take_head(listing)
        await self._judge(self._caller.dialect.read_error(listing.status, listing.body), listing, None)
        return None

    async def _ask(self, model: str) -> None:
        facts = facts_of(self._provider.price_provider, model)
        to = Destination(provider=self._provider.name, model=model, quirks=self._provider.quirks, facts=facts)
        embedding = embeds(model, facts)
        if embedding and not self._caller.embeds():
            self._failed("request", f"{self._way.dialect} has no embeddings", "try another --dialect")
            return
        try:
            reply = await self._caller.ask(to, embedding=embedding)
        except Refusal as refusal:
            self._failed("request", refusal.message, "try another --dialect, or another --model")
            return
        self._take_head(reply)
        error = self._read(reply, to, embedding=embedding)
        if error is not None:
            await self._judge(error, reply, to)

    def _take_head(self, reply: Reply) -> None:
        found = self._found
        found.reachable, found.tls, found.status = True, reply.tls or "none", reply.status
        found.latency_ms = round(reply.seconds * 1000)
        found.request_id = next((_text(reply.headers[name]) for name in _REQUEST_IDS if name in reply.headers), None)
        limits = rate_limits(reply.headers, time.time())
        found.rate_limits = msgspec.to_builtins(limits) if limits else None

    def _read(self, reply: Reply, to: Destination, *, embedding: bool) -> ProviderError | None:
        """Takes over what a good reply says; else the error."""
        dialect = self._caller.dialect
        try:
            if not 200 <= reply.status < 300:
                return dialect.read_error(reply.status, reply.body)
            used = read_reply(self._control, self._provider, dialect, to, reply.body, embedding=embedding)
        except ProviderError as error:
            return error
        except NotThisDialect:
            return ProviderError(f"what answers there does not speak {self._way.dialect}", status=404)
        found = self._found
        found.served_model, found.tokens, found.cost_usd, found.cost_basis = used
        return None

    async def _judge(self, error: ProviderError, reply: Reply, to: Destination | None) -> None:
        """`to`: what was asked; None: the list of models was."""
        status = error.status or reply.status
        which = verdict(status, error, to.model if to else "")
        reference = self._provider.keys[0].id if self._provider.keys else "none"
        self._failed(which, error.message or f"it answered {status}", next_step(which, self._provider.name, reference))
        if which == "model" and to:
            await self._find_models(to.model)
        elif which == "place":
            await self._find_address(to)

    async def _find_models(self, model: str) -> None:
        try:
            listed = models_of(await self._caller.listing())
        except httpx.HTTPError:
            return  # the list is a help, no more
        if listed:
            self._found.models = likely_models(model, listed)
            self._found.next_step = f"name another one with --model; there are: {', '.join(self._found.models)}"

    async def _find_address(self, to: Destination | None) -> None:
        """Whether the same request is answered at what may have been meant, on the same host."""
        for base_url in other_forms(self._way.dialect, self._way.base_url)[:TRIED_ADDRESSES]:
            caller = self._caller.at(base_url)
            try:
                reply = await (caller.ask(to, embedding=embeds(to.model, to.facts)) if to else caller.listing())
            except httpx.HTTPError:
                continue
            if reply is not None and (200 <= reply.status < 300 or reply.status in _ANSWERED):
                self._found.works_at = base_url
                self._found.next_step = f"write providers.{self._provider.name}.base_url: {base_url}"
                self._found.verdict = "address"
                return

    def _failed(self, which: str, problem: str, step: str) -> None:
        self._found.verdict, self._found.next_step = which, step
        self._found.problem = harmless(problem, self._provider)


def _text(value: bytes) -> str:
    return value.decode("latin-1")[:200]
