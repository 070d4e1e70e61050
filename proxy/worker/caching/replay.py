"""A kept reply goes out to another caller: the same bytes, under its own call's headers, at no cost.

Keeps true: its row is written before the last byte goes out; what is its own (call id, cost) is its own.
"""

import time

from proxy.http_server.request import Headers
from proxy.worker.answer_headers import closing_comment, late_comment, plain_headers, stream_headers
from proxy.worker.caching.entry import Entry
from proxy.worker.caching.flight import Flight, Follower
from proxy.worker.ending import Ending
from proxy.worker.inbound import Inbound


async def give(ending: Ending, inbound: Inbound, entry: Entry, age: float) -> None:
    """All of it at once. Raises JournalFull."""
    call = inbound.call
    note(inbound, entry, age)
    if inbound.kept is not None:
        inbound.kept.add(entry.body)
    headers: Headers = [(b"age", b"%d" % age)]
    if not call.stream:
        if not ending.left_before_the_end(inbound, "cached"):
            inbound.request.reply(200, plain_headers(inbound, priced=True) + headers, entry.body)
        return
    body = b"%s%s%s" % (entry.body, closing_comment(inbound), entry.last)
    call.ttft_us = inbound.elapsed_us()
    if inbound.request.started:  # by a comment
        inbound.content_started = True
        await inbound.request.write(late_comment(inbound))
        if not ending.left_before_the_end(inbound, "cached"):
            inbound.request.finish(body)
    elif not ending.left_before_the_end(inbound, "cached"):
        inbound.request.begin(200, stream_headers(inbound) + headers)
        inbound.request.finish(body)


async def follow_stream(ending: Ending, inbound: Inbound, flight: Flight, follower: Follower) -> None:
    """Frame by frame, as they come, until the end or this call's turn to lead. Raises what it fails with."""
    request, sent = inbound.request, 0
    while True:
        follower.check()
        if follower.leads:
            return
        if flight.entry is not None and not follower.has_begun:
            await give(ending, inbound, flight.entry, _age(flight.entry))
            return
        if sent < len(flight.parts):
            data = b"".join(flight.parts[sent:])
            sent = len(flight.parts)
            if not follower.has_begun:
                follower.has_begun = True
                await _begin(inbound, flight)
            await request.write(data)
            if inbound.kept is not None:
                inbound.kept.add(data)
            if inbound.call.ttft_us is None:
                inbound.call.ttft_us = inbound.elapsed_us()
            inbound.heard_ns = time.perf_counter_ns()
        elif flight.entry is not None:
            note(inbound, flight.entry, 0.0)
            if not ending.left_before_the_end(inbound, "cached"):
                request.finish(closing_comment(inbound) + flight.entry.last)
            return
        else:
            await _news(inbound, follower)


async def follow_plain(ending: Ending, inbound: Inbound, flight: Flight, follower: Follower) -> None:
    """The whole reply, when it is there; or until it is this call's turn to lead. Raises what it fails with."""
    while True:
        follower.check()
        if follower.leads:
            return
        if flight.entry is not None:
            await give(ending, inbound, flight.entry, _age(flight.entry))
            return
        await _news(inbound, follower)


async def _news(inbound: Inbound, follower: Follower) -> None:
    """Wait for something new: for the provider, as the call that asked it does. Raises as `Follower.news`."""
    waited = time.perf_counter_ns()
    try:
        await follower.news()
    finally:
        inbound.upstream_ns += time.perf_counter_ns() - waited


def _age(entry: Entry) -> float:
    return max(0.0, time.monotonic() - entry.born)


async def _begin(inbound: Inbound, flight: Flight) -> None:
    leader, call = flight.leader.call, inbound.call
    call.provider, call.model, call.dropped_params = leader.provider, leader.model, leader.dropped_params
    call.cache, call.degraded = "hit", leader.degraded
    inbound.content_started = True
    if inbound.request.started:  # by a comment
        await inbound.request.write(late_comment(inbound))
    else:
        await inbound.request.start(200, [*stream_headers(inbound), (b"age", b"0")])


def note(inbound: Inbound, entry: Entry, age: float) -> None:
    """For the row."""
    call = inbound.call
    call.cache = "hit"
    call.provider, call.model, call.served_model = entry.provider, entry.model, entry.served_model
    call.dialect, call.finish_reason, call.dropped_params = entry.dialect, entry.finish_reason, entry.dropped_params
    call.degraded = entry.degraded
    call.avoided_picos, call.answer_of, call.cache_age_us = entry.cost_picos, entry.call_id, round(age * 1e6)
