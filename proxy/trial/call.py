"""One cheap request straight to a provider, as the gateway would send it, and what came back.

Keeps true: the key goes to the provider's own origin and nowhere else, and a reply is read up to a bound.
"""

import ssl
import time
from typing import NamedTuple
from urllib.parse import quote

import httpx
import msgspec

from gatewatch import __version__
from proxy.canonical.ask import Ask, Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Text
from proxy.dialects.dialect import Destination, Embedder, ProviderDialect
from proxy.dialects.registry import MODELS_PATHS, provider_dialect
from proxy.settings import Provider, Way
from proxy.worker.signers import signer_for

MAX_OUTPUT = 16
"""Tokens; the least that every API takes."""
LARGEST_REPLY = 1024 * 1024
_WORDS = "Reply with OK."


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: dict[bytes, bytes]
    """Names in lower case."""
    body: bytes
    tls: str | None
    """The version; None: plain HTTP."""
    seconds: float


class Caller:
    """Asks one provider in one of its ways."""

    def __init__(self, client: httpx.AsyncClient, provider: Provider, way: Way) -> None:
        self._client = client
        self._provider = provider
        self._way = way
        self._base = way.base_url
        self.dialect: ProviderDialect = provider_dialect(way.dialect, way.base_url)

    def at(self, base_url: str) -> "Caller":
        """The same at another address."""
        return Caller(self._client, self._provider, msgspec.structs.replace(self._way, base_url=base_url))

    def embeds(self) -> bool:
        """Whether embeddings can be asked for here."""
        return isinstance(self.dialect, Embedder) or "embeddings" in self.dialect.endpoints

    async def ask(self, to: Destination, *, embedding: bool) -> Reply:
        """One reply, whatever its status. Raises httpx.HTTPError, Refusal (nothing was sent)."""
        body = self._embedding(to) if embedding else self._question(to)
        base = self._base.replace("{model}", quote(to.model, safe=""))
        path = self.dialect.path("embeddings" if embedding else "chat", to.model, False)
        return await self._exchange("POST", base + path, body)

    async def listing(self) -> Reply | None:
        """The provider's own list of models; None where this way has none. Raises httpx.HTTPError."""
        path = MODELS_PATHS.get(self.dialect.name)
        if path is None or "{model}" in self._base or "/publishers/google" in self._base:
            return None
        return await self._exchange("GET", self._base + path, b"")

    def _question(self, to: Destination) -> bytes:
        ask = Ask(turns=[Turn(role="user", parts=[Text(text=_WORDS)])], max_output=MAX_OUTPUT)
        return self.dialect.write(ask, to, Losses(to.provider, drop=True))

    def _embedding(self, to: Destination) -> bytes:
        body = {"model": to.model, "input": "OK"}
        losses = Losses(to.provider, drop=True)
        if isinstance(self.dialect, Embedder):
            return self.dialect.write_embeddings(body, to, losses)
        return msgspec.json.encode(body)

    async def _exchange(self, method: str, url: str, body: bytes) -> Reply:
        if self._provider.query:
            url += ("&" if "?" in url else "?") + self._provider.query
        headers = await self._headers(url, body)
        began = time.monotonic()
        async with self._client.stream(method, url, headers=headers, content=body or None) as response:
            received = b""
            async for chunk in response.aiter_raw():
                received += chunk
                if len(received) > LARGEST_REPLY:
                    break
            return Reply(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.raw},
                body=received[:LARGEST_REPLY],
                tls=_tls_version(response),
                seconds=time.monotonic() - began,
            )

    async def _headers(self, url: str, body: bytes) -> dict[str, str]:
        headers = {
            "user-agent": f"gatewatch/{__version__}",
            "accept": "application/json",
            "accept-encoding": "identity",
            "content-type": "application/json",
            **self.dialect.headers,
            **self._provider.headers,
        }
        if signer := signer_for(self._provider):
            return headers | await signer.headers(url, body)
        if self._provider.keys and (secret := self._provider.keys[0].secret):
            name = self._provider.key_header or self.dialect.key_header
            headers[name] = f"Bearer {secret}" if name == "authorization" else secret
        return headers


def _tls_version(response: httpx.Response) -> str | None:
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("ssl_object") if stream else None
    return connection.version() if isinstance(connection, ssl.SSLObject | ssl.SSLSocket) else None


def models_of(listing: Reply | None) -> list[str]:
    """OpenAI's and Anthropic's `{"data": [{"id"}]}`, Google's `{"models": [{"name": "models/…"}]}`; else nothing."""
    if listing is None or listing.status != 200:
        return []
    try:
        said = msgspec.json.decode(listing.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    entries = said.get("data") or said.get("models") if isinstance(said, dict) else said
    if not isinstance(entries, list):
        return []
    names = [entry.get("id") or entry.get("name") for entry in entries if isinstance(entry, dict)]
    return [name.removeprefix("models/")[:200] for name in names if isinstance(name, str) and name]
