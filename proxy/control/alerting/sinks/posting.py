"""One try to hand a message over, and what its outcome means for the next.

Keeps true: nothing that the receiver says is repeated but its status, and nothing of the URL at all; no redirect is
followed; what is read of an answer is bounded.
"""

import asyncio
import ssl
from typing import TYPE_CHECKING, NamedTuple

from gatewatch.errors import GatewatchError

if TYPE_CHECKING:
    import httpx

TRY_SECONDS = 10.0
LONGEST_WAIT = 300.0
"""Seconds that a receiver may ask for with `Retry-After`."""
_AGAIN = frozenset({408, 425, 429})


class Outcome(NamedTuple):
    """Of one try."""

    delivered: bool
    said: str
    """What happened, in words that follow the sink's name: `answered 503`."""
    again: bool = False
    """Whether the same message may be taken later."""
    wait: float = 0.0
    """Seconds that the receiver asks for before that."""


async def post(client: "httpx.AsyncClient", url: str, body: bytes, headers: dict[str, str]) -> Outcome:
    """Send it once; never raises but to be cancelled."""
    import httpx

    sent = {"content-type": "application/json", "user-agent": "gatewatch", **headers}
    try:
        async with asyncio.timeout(TRY_SECONDS), client.stream("POST", url, content=body, headers=sent) as response:
            return _answered(response.status_code, response.headers.get("retry-after", ""))
    except (TimeoutError, httpx.TimeoutException):
        return Outcome(False, f"did not answer within {TRY_SECONDS:g} s", again=True)
    except httpx.HTTPError as error:
        return Outcome(False, f"cannot be reached ({_kind(error)})", again=True)
    except GatewatchError as error:
        return Outcome(False, error.title)
    except OSError as error:  # the resolver's, or an address that may not be used
        if "not a public address" in str(error):
            return Outcome(False, "is at an address that is not public, and allow_private is not set")
        return Outcome(False, "has a name that leads nowhere", again=True)


def _answered(status: int, retry_after: str) -> Outcome:
    if 200 <= status < 300:
        return Outcome(True, f"answered {status}")
    if 300 <= status < 400:
        return Outcome(False, f"answered {status}, a redirect, which is not followed")
    wait = float(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 6 else 0.0
    return Outcome(False, f"answered {status}", again=status in _AGAIN or status >= 500, wait=min(wait, LONGEST_WAIT))


def _kind(error: BaseException) -> str:
    """What lies below, as a word; its text may hold the URL."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return "TLS failed"
        if isinstance(seen, ConnectionRefusedError):
            return "refused"
        seen = seen.__cause__ or seen.__context__
    return type(error).__name__
