"""When there is a last resort, and the operator's stored text as the answer to a call.

Keeps true: only what another target could have mended leads there, never the request's own fault, a limit of the
caller's, or a reply of which some has gone out.
"""

from proxy.refusal import Refusal
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.answer_headers import closing_comment, late_comment, plain_headers, stream_headers
from proxy.worker.ending import Ending
from proxy.worker.inbound import Inbound
from proxy.worker.shaping.stored_reply import plain_reply, streamed_reply

Failure = Refusal | UpstreamFailed
SHORT_ANSWER, STORED_REPLY = "short_answer", "stored_reply"
"""What the row and the reply's header call them."""
_OF_THE_CALL = frozenset({"client_closed", "gateway_stopping"})
"""Ends of a call that no other target would change."""


def may_still_be_answered(inbound: Inbound, failure: Failure) -> bool:
    """Whether another try could become the call's answer after this failure."""
    kind = failure.kind if isinstance(failure, UpstreamFailed) else failure.code
    return not (inbound.content_started or inbound.is_left or inbound.cut_off is not None or kind in _OF_THE_CALL)


def is_of_targets(failure: Failure) -> bool:
    """Whether a target that works would have answered the call."""
    if isinstance(failure, UpstreamFailed):
        return True
    return failure.code.startswith("upstream_") and (failure.status >= 500 or failure.status == 429)


async def answer_with(text: str, inbound: Inbound, ending: Ending) -> None:
    """A whole answer, plain or streamed, that costs no more than what lost tries may have cost. Raises JournalFull."""
    call, request = inbound.call, inbound.request
    if inbound.exchange is not None and not inbound.exchange.complete:
        inbound.exchange.abort("upstream_invalid", "another answer was given")
    ending.free(inbound)
    call.degraded, call.finish_reason = STORED_REPLY, "stop"
    call.provider = call.model = call.provider_key = call.dialect = None
    call.dropped_params, inbound.passage, inbound.tap = [], None, None
    model = call.requested_model or ""
    if not call.stream:
        body = plain_reply(inbound.caller, text, model, inbound.body, call.call_id)
        if inbound.kept is not None:
            inbound.kept.add(body)
        if inbound.flight is not None:
            inbound.flight.add(body)
            inbound.flight.ended()
        if not ending.left_before_the_end(inbound):
            request.reply(200, plain_headers(inbound, priced=True), body)
        return
    frames, last = streamed_reply(inbound.caller, text, model, inbound.body, call.call_id)
    inbound.content_started = True
    if request.started:  # by a comment
        await request.write(late_comment(inbound))
    else:
        await request.start(200, stream_headers(inbound))
    await request.write(frames)
    call.ttft_us = inbound.elapsed_us()
    if inbound.kept is not None:
        inbound.kept.add(frames)
    if inbound.flight is not None:
        inbound.flight.add(frames)
        inbound.flight.ended(last)
    if not ending.left_before_the_end(inbound):
        request.finish(closing_comment(inbound) + last)
