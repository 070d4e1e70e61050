"""What the sandbox answers: paths, keys, faults and good replies, in that order."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from proxy.sandbox import models
from proxy.sandbox.answer import Answer, Endpoint
from proxy.sandbox.api_error import ApiError, no_key, unknown_model, unknown_path, wrong_key, wrong_method
from proxy.sandbox.chat import ChatAnswer
from proxy.sandbox.completions import CompletionAnswer
from proxy.sandbox.demands import Demands
from proxy.sandbox.demands import read as read_demands
from proxy.sandbox.embeddings import EmbeddingAnswer
from proxy.sandbox.exchange import Exchange, Reply
from proxy.sandbox.faults import FAULTS, NAMES, TWISTS
from proxy.sandbox.latency import pace
from proxy.sandbox.prose import key_of
from proxy.sandbox.request_bodies import ChatAsked, CompletionAsked, EmbeddingAsked, read
from proxy.sandbox.script import Scripts
from proxy.sandbox.stats import Stats

ENDPOINTS: dict[bytes, Endpoint[Any]] = {
    b"/v1/chat/completions": Endpoint(ChatAsked, ChatAnswer),
    b"/v1/completions": Endpoint(CompletionAsked, CompletionAnswer),
    b"/v1/embeddings": Endpoint(EmbeddingAsked, EmbeddingAnswer),
}


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How this sandbox behaves."""

    port: int = 0
    """0: any free one."""
    seed: int = 0
    """Another seed, other texts."""
    latency: str = "none"
    """One of `latency.PROFILES`."""
    needs_key: bool = True


class Provider:
    """One sandbox, without its socket."""

    def __init__(self, options: Options, stats: Stats) -> None:
        self._options = options
        self._stats = stats
        self._scripts = Scripts()

    def answer(self, exchange: Exchange) -> Reply:
        """The reply to one request. Raises ApiError for an error reply."""
        request = exchange.request
        endpoint = ENDPOINTS.get(request.target) or ENDPOINTS.get(request.target.partition(b"?")[0])
        if endpoint is None:
            return self._answer_about_itself(exchange)
        if request.method != "POST":
            raise wrong_method(request.method, request.path, "POST")
        self._check_key(exchange)
        return self._generate(exchange, endpoint)

    def _generate(self, exchange: Exchange, endpoint: Endpoint[Any]) -> Reply:
        demands = read_demands(exchange.request.controls)
        asked = read(exchange.request.body, endpoint.decoder)
        key = key_of(self._options.seed, asked.basis())
        exchange.model = asked.model
        fault = self._scripts.fault(demands, asked.model, key)
        if fault is not None:
            self._stats.fault(fault)
            if fault in TWISTS:
                demands = TWISTS[fault](demands)
        exchange.pace = pace(demands, self._options.latency, asked.model, key)
        answer = endpoint.compose(asked, key, demands)
        exchange.prompt_tokens = answer.prompt_tokens
        return _reply(exchange, answer, demands, fault)

    def _check_key(self, exchange: Exchange) -> None:
        if not self._options.needs_key:
            return
        scheme, _, key = (exchange.request.header(b"authorization") or b"").partition(b" ")
        if scheme.lower() != b"bearer" or not key.strip():
            raise no_key()
        if key.startswith(b"bad-"):
            raise wrong_key(key.decode("latin-1"))

    def _answer_about_itself(self, exchange: Exchange) -> Reply:
        request, path = exchange.request, exchange.request.path
        if path.startswith("/__sandbox/"):
            return self._answer_the_tester(exchange, path)
        if path == "/v1/models" or path.startswith("/v1/models/"):
            if request.method != "GET":
                raise wrong_method(request.method, path, "GET")
            self._check_key(exchange)
            name = unquote(path[len("/v1/models/") :])
            if name == "fault-404":
                raise unknown_model(name)
            return exchange.plain(models.one(name) if name else models.listing(NAMES))
        raise unknown_path(request.method, path)

    def _answer_the_tester(self, exchange: Exchange, path: str) -> Reply:
        """Without a key, but not to a web page whose name was bound to this address."""
        request = exchange.request
        if path == "/__sandbox/redirected":
            return exchange.plain(b'{"redirected":true}')
        host = (request.header(b"host") or b"").decode("latin-1").lower()
        if host.partition(":")[0] not in ("127.0.0.1", "localhost"):
            raise ApiError(403, "Only for this machine: the Host must be 127.0.0.1 or localhost.")
        match request.method, path:
            case "GET", "/__sandbox/stats":
                query = parse_qs(request.target.partition(b"?")[2].decode("latin-1"))
                last = query.get("last", ["20"])[-1]
                return exchange.plain(self._stats.report(int(last) if last.isdecimal() else 20))
            case "POST", "/__sandbox/reset":
                self._stats.clear()
                self._scripts.clear()
                return exchange.plain(b'{"reset":true}')
        raise unknown_path(request.method, path)


def _reply(exchange: Exchange, answer: Answer, demands: Demands, fault: str | None) -> Reply:
    """The reply, or its promise where it takes time."""
    pace = exchange.pace
    harm = FAULTS.get(fault or "")
    if harm is not None:
        return _after(pace.first_byte, exchange, partial(harm, exchange, answer, demands))
    if answer.stream:
        return _after(pace.first_byte, exchange, partial(_stream, exchange, answer))
    wait = pace.first_byte + answer.length * (pace.gap or 0.0)
    return _after(wait, exchange, lambda: exchange.plain(answer.body()))


def _stream(exchange: Exchange, answer: Answer) -> Reply:
    return exchange.events(answer.frames()) if exchange.pace.gap is None else exchange.send_frames(answer.frames())


def _after(seconds: float, exchange: Exchange, make: Callable[[], Reply]) -> Reply:
    if not seconds:
        return make()

    async def wait_and_reply() -> None:
        await exchange.wait(seconds)
        reply = make()
        if isinstance(reply, bytes):
            exchange.write(reply)
        else:
            await reply

    return wait_and_reply()
