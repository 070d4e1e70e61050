"""How a caller of Responses is told that a call failed.

Keeps true: the official clients raise. OpenAI's documented error event has its fields at the top level, and the clients
(Python 1.109 to 3.52, Node 6.49: `_streaming.py`, `core/streaming.js`) hand that on as one more event: they raise for
events with an `error` object alone. So the event has both.
"""

import msgspec

from proxy.refusal import Refusal


def error_body(refusal: Refusal) -> bytes:
    return refusal.openai_body()


def error_event(refusal: Refusal) -> bytes:
    """The number is 0: what came before may have passed through uncounted."""
    error = {"message": refusal.message, "type": refusal.type, "param": refusal.param, "code": refusal.code}
    event = {
        "type": "error",
        "sequence_number": 0,
        "code": refusal.code,
        "message": refusal.message,
        "param": refusal.param,
        "error": error,
    }
    return b"event: error\ndata: %s\n\n" % msgspec.json.encode(event)
