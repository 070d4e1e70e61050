"""Relay: the provider's reply to its end, on to the caller, and into the row. Plain or streamed.

Keeps true: what the caller takes for a whole reply is one, and its row is written before its last byte goes out.
"""

import time
from collections.abc import Callable

from proxy.refusal import Refusal
from proxy.refusal import upstream as upstream_fault
from proxy.settings import Caps
from proxy.upstream.exchange import Exchange
from proxy.worker import relay_plain, relay_stream
from proxy.worker.answer_headers import closing_comment, late_comment, plain_headers, stream_headers
from proxy.worker.ending import Ending
from proxy.worker.inbound import Inbound
from proxy.worker.passage import Passage
from proxy.worker.reply_kind import check_encoding, is_json, is_stream, not_a_stream
from proxy.worker.streaming.sentences import Sentences


class Relay:
    """Of one worker."""

    def __init__(self, ending: Ending) -> None:
        self._ending = ending

    async def answer(
        self, inbound: Inbound, exchange: Exchange, caps: Caps, began: Callable[[], object] = bool
    ) -> None:
        """To its end, whichever kind it is. Raises Refusal, UpstreamFailed, JournalFull.

        `began` is called once the reply, or what is seen of it, is no error, before any of it goes out.
        """
        assert inbound.passage
        check_encoding(exchange)
        if inbound.call.stream:
            await self._stream(inbound, exchange, inbound.passage, caps, began)
        else:
            await self._plain(inbound, exchange, inbound.passage, caps, began)

    async def _plain(
        self, inbound: Inbound, exchange: Exchange, passage: Passage, caps: Caps, began: Callable[[], object]
    ) -> None:
        waited = time.perf_counter_ns()
        try:
            held, whole = await relay_plain.hold(exchange, passage.held_bytes(caps))
        finally:
            inbound.upstream_ns += time.perf_counter_ns() - waited
        if not is_json(exchange):
            raise upstream_fault(502, "upstream_invalid", "The provider's reply is not JSON.")
        if whole:
            seen = passage.read(held)
            began()
            self._ending.settle(inbound, seen, whole=True)
            body = passage.reply(inbound.call.tokens())
            body = held if body is None else body
            if inbound.kept is not None:
                inbound.kept.add(body)
            if inbound.flight is not None:
                inbound.flight.add(body)
                inbound.flight.ended()
            if not self._ending.left_before_the_end(inbound):
                inbound.request.reply(200, plain_headers(inbound, priced=True), body)
            return
        length = exchange.headers.get(b"content-length", b"")
        if len(held) > caps.reply_bytes or (length.isdigit() and int(length) > caps.reply_bytes):
            exchange.abort("upstream_invalid", "the reply is too long")
            raise _too_long()
        began()
        known = [(b"content-length", length)] if length.isdigit() else []
        inbound.content_started = True
        await inbound.request.start(200, plain_headers(inbound, priced=False) + known)
        try:
            reply, unsent = await relay_plain.stream_rest(inbound, exchange, held, caps.reply_bytes)
            seen = passage.read(reply)
        except relay_plain.ReplyTooLong:
            exchange.abort("upstream_invalid", "the reply is too long")
            raise _too_long() from None
        if inbound.kept is not None:
            inbound.kept.add(reply)
        self._ending.settle(inbound, seen, whole=True)
        if inbound.flight is not None:
            inbound.flight.add(reply)
            inbound.flight.ended()
            await inbound.request.connection.drained()
        if not self._ending.left_before_the_end(inbound):
            inbound.request.finish(unsent)

    async def _stream(
        self, inbound: Inbound, exchange: Exchange, passage: Passage, caps: Caps, began: Callable[[], object]
    ) -> None:
        assert inbound.channel
        if not is_stream(exchange, inbound.channel.dialect):
            raise await not_a_stream(exchange, inbound.channel.dialect)
        tap = inbound.tap = passage.tap(exchange, caps)
        if inbound.ceiling is not None:
            tap.watch = inbound.ceiling.watch(inbound)
        waited = time.perf_counter_ns()
        try:
            first = await tap.next()
        finally:
            inbound.upstream_ns += time.perf_counter_ns() - waited
        began()
        inbound.content_started = True
        if inbound.request.started:  # by a comment
            await inbound.request.write(late_comment(inbound))
        else:
            await inbound.request.start(200, stream_headers(inbound))
        source: relay_stream.Source = tap
        if inbound.route is not None and (coalescing := inbound.route.coalescing) is not None:
            source = sentences = Sentences(tap, inbound.caller.name, coalescing.max_wait)
            first = await sentences.behind(first)
        await relay_stream.relay_frames(inbound, source, first)
        exchange.linger()
        self._ending.settle(inbound, tap, whole=True)
        last = source.last(inbound.call.tokens())
        if inbound.flight is not None:
            inbound.flight.ended(last)
            await inbound.request.connection.drained()  # the others have not waited for this client
        if not self._ending.left_before_the_end(inbound):
            inbound.request.finish(closing_comment(inbound) + last)


def _too_long() -> Refusal:
    return upstream_fault(502, "upstream_invalid", "The provider's reply is too long.")
