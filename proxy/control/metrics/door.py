"""Where Prometheus asks without a key: an address of this machine, or TLS for certificates that we trust.

Keeps true: it answers `GET /metrics` and nothing else, under the machine's own names, and is bounded tightly.
"""

from gatewatch.config.completion import LOOPBACK_HOSTS
from gatewatch.config.metrics import Metrics as Written
from proxy.control.listening import bind, tls_context
from proxy.control.metrics.metrics import Metrics
from proxy.http_server.bounds import Bounds
from proxy.http_server.request import Headers, Request
from proxy.http_server.server import HttpServer
from proxy.settings import Caps

PATH = "/metrics"
CAPS = Caps(
    body_bytes=1024, header_bytes=8 * 1024, header_count=40, url_bytes=1024, connections=64, connections_per_source=16
)


class MetricsDoor:
    """Of one gateway."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._server: HttpServer | None = None
        self.url: str | None = None
        """Once it is open."""

    async def open(self, written: Written, hosts: tuple[str, ...]) -> None:
        """Where the configuration has it. `hosts`: more names that it may be asked under. Raises GatewatchError."""
        address, tls = written.listen, written.tls
        if address is None:
            return
        context = tls_context(tls.cert, tls.key, tls.client_ca) if tls else None
        own = () if address.is_wildcard else (address.host_header,)
        names = (*LOOPBACK_HOSTS, *own, *(hosts if tls else ()))
        listening = bind(address.host, address.port, step="Take another port in `metrics: {listen: HOST:PORT}`.")
        port = listening.getsockname()[1]
        self._server = HttpServer(self._answer, Bounds(CAPS, tuple(dict.fromkeys(names))), context)
        await self._server.start(listening)
        self.url = f"{'https' if tls else 'http'}://{address.host_header}:{port}{PATH}"

    async def drain(self, seconds: float) -> None:
        """Answer what was asked, for so long; then cut."""
        if self._server:
            await self._server.drain(seconds)
            self._server.close()

    async def _answer(self, request: Request) -> None:
        headers: Headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
        if request.refusal:
            request.reply(request.refusal.status, headers, request.refusal.message.encode() + b"\n")
        elif request.path != PATH:
            request.reply(404, headers, b"Metrics are at /metrics.\n")
        elif request.method != "GET":
            request.reply(405, [*headers, (b"allow", b"GET")], b"GET alone.\n")
        else:
            accept = request.headers.get(b"accept", b"").decode("latin-1")
            kind, text = await self._metrics.exposed(accept)
            request.reply(200, [(b"content-type", kind.encode()), *headers[1:]], text)
