"""Whether a reply with status 200 is of the kind that was asked for: its own encoding, JSON or a stream."""

from proxy.refusal import Refusal, upstream
from proxy.upstream.exchange import Exchange
from proxy.worker.attempt import read_some
from proxy.worker.upstream_error import read_error, refusal_for_error_in_reply

_LONGEST_ERROR = 64 * 1024


def is_json(exchange: Exchange) -> bool:
    """JSON, or nothing said: the body will show."""
    return b"json" in exchange.headers.get(b"content-type", b"json").lower()


def is_stream(exchange: Exchange) -> bool:
    return b"event-stream" in exchange.headers.get(b"content-type", b"").lower()


def check_encoding(exchange: Exchange) -> None:
    """We asked for `identity`. Raises Refusal for anything else."""
    if exchange.headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise upstream(502, "upstream_invalid", "The provider compressed a reply that was asked for uncompressed.")


async def not_a_stream(exchange: Exchange) -> Refusal:
    """Why there is no stream: the error that came in its place, if one did. Raises UpstreamFailed (client_closed)."""
    if is_json(exchange):
        body = await read_some(exchange, _LONGEST_ERROR)
        if (error := read_error(body)) is not None:
            return refusal_for_error_in_reply({"message": error.message, "type": error.type, "code": error.code})
    return upstream(502, "upstream_invalid", "The provider did not answer with a stream.")
