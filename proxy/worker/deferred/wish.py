"""What a caller wishes who defers a call, and whether it can be done.

Keeps true: what cannot be deferred is a 400 that says why, before anything of it is kept.
"""

from gatewatch.deferred.deadline import deadline_of
from proxy.refusal import Refusal, bad_request
from proxy.settings import Route
from proxy.worker.endpoints import GENERATING
from proxy.worker.inbound import Inbound
from proxy.worker.pacing.priority import HEADER as PRIORITY

HEADER = b"x-gatewatch-deadline"
_CAN_WAIT = GENERATING | {"embeddings"}


def deadline_wished(inbound: Inbound, route: Route) -> int:
    """Until when the call is to be answered, in µs since the epoch. Raises Refusal."""
    if inbound.call.endpoint not in _CAN_WAIT:
        raise _cannot("A count of tokens cannot be deferred.", PRIORITY.decode())
    if inbound.body.get("stream") is True:
        raise _cannot("A stream cannot be deferred: its reply is fetched whole.", "stream")
    if inbound.body.get("background") is True:
        raise _cannot("A call that the provider runs in the background cannot be deferred as well.", "background")
    if not route.deferred:
        raise _cannot(f"Calls of the model {route.name!r} cannot be deferred here.", PRIORITY.decode())
    said = inbound.headers.get(HEADER)
    try:
        return deadline_of(said.decode("latin-1") if said else None, inbound.call.started_at)
    except ValueError as error:
        raise bad_request(
            "invalid_deadline", f"The header {HEADER.decode()} says {error}.", param=HEADER.decode()
        ) from None


def _cannot(message: str, param: str) -> Refusal:
    return bad_request("cannot_be_deferred", message, param=param)
