"""What the sandbox answers: paths, keys, faults and good replies, in that order."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import msgspec

from proxy.sandbox import admin_anthropic, admin_openai, admin_openrouter, batches_anthropic, batches_openai, models
from proxy.sandbox.answer import Answer, Endpoint, Place
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.batch_book import BatchBook
from proxy.sandbox.demands import NONE, Demands
from proxy.sandbox.demands import read as read_demands
from proxy.sandbox.exchange import Exchange, Reply
from proxy.sandbox.faults import FAULTS, NAMES, TWISTS
from proxy.sandbox.key_book import KeyBook
from proxy.sandbox.latency import pace
from proxy.sandbox.prose import key_of
from proxy.sandbox.routes import find
from proxy.sandbox.script import Scripts
from proxy.sandbox.stats import Stats
from proxy.sandbox.wire import new_id

_ADMINISTRATIONS: tuple[Callable[[KeyBook, Exchange], bytes | None], ...] = (
    admin_openai.answer,
    admin_openrouter.answer,
    admin_anthropic.answer,
)


_BATCHES: tuple[Callable[[BatchBook, Exchange], bytes | None], ...] = (batches_openai.answer, batches_anthropic.answer)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How this sandbox behaves."""

    port: int = 0
    """0: any free one."""
    seed: int = 0
    """Another seed, other texts."""
    latency: str = "none"
    """One of `latency.PROFILES`."""
    needs_key: bool = True
    batch_seconds: float = 2.0
    """Until a batch is done."""


class Provider:
    """One sandbox, without its socket."""

    def __init__(self, options: Options, stats: Stats) -> None:
        self._options = options
        self._stats = stats
        self._scripts = Scripts()
        self._keys = KeyBook()
        self._batches = BatchBook(options.batch_seconds, self._line)

    def answer(self, exchange: Exchange) -> Reply:
        """The reply to one request. Raises ApiError for an error reply."""
        request = exchange.request
        route = find(request.target)
        if route is None:
            return self._answer_about_itself(exchange)
        exchange.manners = route[0].manners
        if request.method != "POST":
            raise exchange.manners.wrong_method(request.method, request.path, "POST")
        self._check_key(exchange)
        return self._generate(exchange, *route)

    def _generate(self, exchange: Exchange, endpoint: Endpoint[Any], place: Place) -> Reply:
        demands = read_demands(exchange.request.controls)
        asked = endpoint.read(exchange.request.body, place)
        key = key_of(self._options.seed, asked.basis())
        exchange.model = asked.model
        fault = self._scripts.fault(demands, asked.model, key)
        if fault is not None:
            self._stats.fault(fault)
            if fault in TWISTS:
                demands = TWISTS[fault](demands, exchange.manners)
        exchange.pace = pace(demands, self._options.latency, asked.model, key)
        answer = endpoint.compose(asked, key, demands)
        exchange.prompt_tokens = answer.prompt_tokens
        return _reply(exchange, answer, demands, fault)

    def _line(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the reply to one request of a batch."""
        route = find(path.encode())
        assert route, "batches are of endpoints that there are"
        endpoint, place = route
        manners = endpoint.manners
        try:
            asked = endpoint.read(body, place)
            key = key_of(self._options.seed, asked.basis())
            fault = self._scripts.fault(NONE, asked.model, key)
            if fault == "404":
                raise manners.unknown_model(asked.model)
            if fault is not None and fault not in TWISTS:
                raise manners.refusals[fault if fault in manners.refusals else "500"].error(asked.model)
            demands = NONE if fault is None else TWISTS[fault](NONE, manners)
            return 200, endpoint.compose(asked, key, demands).body()
        except ApiError as error:
            return error.status, manners.error_body(error, f"req_{new_id()}")

    def _check_key(self, exchange: Exchange) -> None:
        if self._options.needs_key:
            exchange.manners.check_key(exchange.request)
        if not self._keys.admits(exchange.request.headers):
            raise exchange.manners.wrong_key(exchange.request)

    def _answer_about_itself(self, exchange: Exchange) -> Reply:
        request, path = exchange.request, exchange.request.path
        if path.startswith("/__sandbox/"):
            return self._answer_the_tester(exchange, path)
        for administer in _ADMINISTRATIONS:
            if (told := administer(self._keys, exchange)) is not None:
                return told
        for of_batches in _BATCHES:
            if path.startswith(("/v1/files", "/v1/batches", "/v1/messages/batches")):
                self._check_key(exchange)
                if (told := of_batches(self._batches, exchange)) is not None:
                    return told
        if (name := models.asked_for(path)) is None:
            raise exchange.manners.unknown_path(request.method, path)
        if request.method != "GET":
            raise exchange.manners.wrong_method(request.method, path, "GET")
        self._check_key(exchange)
        if name == "fault-404":
            raise exchange.manners.unknown_model(name)
        return exchange.plain(models.answer(exchange, name, NAMES))

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
                return exchange.plain(self._stats.report(int(last) if last.isdecimal() else 20, self._keys.report()))
            case "POST", "/__sandbox/reset":
                self._stats.clear()
                self._scripts.clear()
                return exchange.plain(b'{"reset":true}')
        raise exchange.manners.unknown_path(request.method, path)


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
