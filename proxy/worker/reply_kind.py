"""Whether a reply with status 200 is of the kind that was asked for: its own encoding, JSON or a stream."""

from proxy.dialects.dialect import ProviderDialect
from proxy.refusal import Refusal, upstream
from proxy.upstream.exchange import Exchange
from proxy.worker.attempt import read_some
from proxy.worker.upstream_error import names_an_error, refusal_for

_LONGEST_ERROR = 64 * 1024


def is_json(exchange: Exchange) -> bool:
    """JSON, or nothing said: the body will show."""
    return b"json" in exchange.headers.get(b"content-type", b"json").lower()


def is_stream(exchange: Exchange, dialect: ProviderDialect) -> bool:
    kind = b"vnd.amazon.eventstream" if dialect.framing == "aws" else b"event-stream"
    return kind in exchange.headers.get(b"content-type", b"").lower()


def check_encoding(exchange: Exchange) -> None:
    """We asked for `identity`. Raises Refusal for anything else."""
    if exchange.headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise upstream(502, "upstream_invalid", "The provider compressed a reply that was asked for uncompressed.")


async def not_a_stream(exchange: Exchange, dialect: ProviderDialect) -> Refusal:
    """Why there is no stream: the error that came in its place, if one did. Raises UpstreamFailed (client_closed)."""
    if is_json(exchange):
        body = await read_some(exchange, _LONGEST_ERROR)
        if names_an_error(body):
            return refusal_for(dialect.read_error(200, body), {})
    return upstream(502, "upstream_invalid", "The provider did not answer with a stream.")
