"""How urgent a call is, as its caller says: `x-gatewatch-priority: urgent`, `normal` or `batch`; or that it may wait
for hours: `deferred` (docs/deferred.md).

Keeps true: a word that is none of these is an error, for who waits behind a typing error never finds it; a team that
may not say `urgent` is served like any other.
"""

from collections.abc import Mapping

from proxy.refusal import Refusal, bad_request
from proxy.settings import Pacing

HEADER = b"x-gatewatch-priority"


def priority_of(headers: Mapping[bytes, bytes], team: str | None, pacing: Pacing) -> str | None:
    """`urgent`, `batch`, `deferred`, or None: none of them. Raises Refusal."""
    said = headers.get(HEADER)
    if said is None:
        return None
    match said.strip().lower():
        case b"batch":
            return "batch"
        case b"deferred":
            return "deferred"
        case b"urgent":
            return "urgent" if pacing.urgent_teams is None or team in pacing.urgent_teams else None
        case b"normal" | b"":
            return None
    raise _unknown()


def _unknown() -> Refusal:
    name = HEADER.decode()
    return bad_request("invalid_priority", f"The header {name} says urgent, normal, batch or deferred.", param=name)
