"""httpx with the address checks of calls: the address that was checked is the one connected to."""

import logging
import ssl

import httpx

from proxy.upstream.address import Origin, resolve

logging.getLogger("httpx").setLevel(logging.WARNING)  # below that it logs every request


class CheckedTransport(httpx.AsyncBaseTransport):
    """Public addresses only, unless `allow_private`; certificates are for the host's name all the same."""

    def __init__(self, *, allow_private: bool, tls: ssl.SSLContext | None = None) -> None:
        """`tls`: whose certificates are trusted; None: those that the system's usual authorities vouch for."""
        self._allow_private = allow_private
        self._inner = httpx.AsyncHTTPTransport(trust_env=False, verify=tls or True)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises OSError for an address that may not be used, httpx.HTTPError where the exchange fails."""
        origin = Origin(f"{request.url.scheme}://{request.url.netloc.decode('ascii')}")
        addresses = await resolve(origin, self._allow_private)
        request.extensions = {**request.extensions, "sni_hostname": origin.host}
        for address in addresses[:-1]:
            try:
                return await self._at(request, address)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._at(request, addresses[-1])

    async def _at(self, request: httpx.Request, address: str) -> httpx.Response:
        """The Host header was made from the name."""
        request.url = request.url.copy_with(host=address)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def checked_client(*, allow_private: bool, seconds: float) -> httpx.AsyncClient:
    """A client that goes where calls may go, takes no proxy and no certificates from the environment, and follows no
    redirect. `seconds`: for each phase of an exchange."""
    return httpx.AsyncClient(
        transport=CheckedTransport(allow_private=allow_private),
        timeout=seconds,
        trust_env=False,
        follow_redirects=False,
    )
