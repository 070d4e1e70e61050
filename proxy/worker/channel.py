"""One provider as the worker reaches it: a channel for each dialect that it speaks, and their sockets."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from gatewatch.models.shelf import facts_of
from proxy.dialects.dialect import Destination, ProviderDialect
from proxy.dialects.registry import MODELS_PATHS, provider_dialect
from proxy.settings import Provider, ProviderKey, Way
from proxy.upstream.address import Origin
from proxy.upstream.pool import Pool
from proxy.worker.pacing.pacing import Pacing
from proxy.worker.provider_keys import ProviderKeys
from proxy.worker.quarantine import Quarantine
from proxy.worker.signers import Signer, signer_for

REMEMBERED_MODELS = 1024
"""Apps may send any model name: beyond this many, what was made for them is made anew."""
MODEL_IN_URL = "{model}"
_NO_KEY = ProviderKey(id="none", secret=None)


class Channel:
    """One provider in one dialect, with one key."""

    def __init__(
        self,
        provider: Provider,
        way: Way,
        pool: Pool,
        agent: str,
        key: ProviderKey,
        signer: Signer | None,
        quarantine: Quarantine,
        siblings: "dict[str, Channel]",
    ) -> None:
        self.provider = provider
        self.quarantine = quarantine
        self.signer = signer
        self.dialect: ProviderDialect = provider_dialect(way.dialect, way.base_url)
        self.pool = pool
        self.key = key
        self._siblings = siblings
        self._base = Origin(way.base_url).path
        self._fields = self._head_fields(agent)  # raises ValueError for what no header can carry
        self._heads: dict[tuple[str, str, bool], bytes] = {}
        self._destinations: dict[str, Destination] = {}

    def with_key(self, key: ProviderKey) -> "Channel":
        """The same place and dialect, with another of the provider's keys."""
        return self._siblings[key.id]

    def destination(self, model: str) -> Destination:
        """What a dialect is told of one model here."""
        found = self._destinations.get(model)
        if found is None:
            if len(self._destinations) >= REMEMBERED_MODELS:
                self._destinations.clear()
            facts = facts_of(self.provider.price_provider, model)
            found = Destination(provider=self.provider.name, model=model, quirks=self.provider.quirks, facts=facts)
            self._destinations[model] = found
        return found

    def head(self, endpoint: str, model: str, stream: bool, length: int, passed: bytes) -> bytes:
        """The request's head; `passed` are whole header lines of this call alone."""
        head = self._heads.get((endpoint, model, stream))
        if head is None:
            if len(self._heads) >= REMEMBERED_MODELS:
                self._heads.clear()
            target = self.target(endpoint, model, stream)
            head = b"POST %s HTTP/1.1\r\n%scontent-length: " % (target.encode(), self._fields)
            self._heads[endpoint, model, stream] = head
        return b"%s%d\r\n%s\r\n" % (head, length, passed)

    def target(self, endpoint: str, model: str, stream: bool) -> str:
        """The request target, the model's name escaped wherever it stands."""
        target = self._base.replace(MODEL_IN_URL, quote(model, safe="")) + self.dialect.path(endpoint, model, stream)
        return self._with_query(target)

    def _with_query(self, target: str) -> str:
        """The target, and what the provider wants on every one."""
        if not self.provider.query:
            return target
        return f"{target}{'&' if '?' in target else '?'}{self.provider.query}"

    def head_of(
        self, method: str, path: str, length: int, content_type: str = "application/json", more: bytes = b""
    ) -> bytes:
        """The head of a request for another path of the provider's API, below its base URL. `more`: header lines."""
        target = self._with_query(self._base + path).encode()
        fields = self._fields.replace(b"content-type: application/json", b"content-type: %s" % content_type.encode())
        return b"%s %s HTTP/1.1\r\n%s%scontent-length: %d\r\n\r\n" % (method.encode(), target, fields, more, length)

    async def signed_headers(self, endpoint: str, model: str, stream: bool, body: bytes) -> bytes:
        """Header lines that prove who sends this request, where a signer makes them. Raises CannotSign."""
        if self.signer is None:
            return b""
        scheme = "https" if self.pool.origin.tls else "http"
        url = f"{scheme}://{self.pool.origin.authority}{self.target(endpoint, model, stream)}"
        made = await self.signer.headers(url, body)
        return "".join(f"{name}: {value}\r\n" for name, value in made.items()).encode("latin-1")

    def varying_headers(self, given: dict[bytes, bytes], *, own_dialect: bool) -> bytes:
        """Header lines by which callers of the same dialect steer the provider, else their defaults."""
        lines = b""
        for name in self.dialect.passed_headers:
            if name.decode() in self.provider.headers:
                continue
            value = given.get(name) if own_dialect else None
            if value is None:
                default = self.dialect.headers.get(name.decode())
                value = default.encode() if default else None
            if value is not None and len(value) <= 1024 and value.isascii():
                lines += b"%s: %s\r\n" % (name, value)
        return lines

    def models_head(self) -> bytes | None:
        """The request for the provider's own list of models; None where this dialect has none."""
        path = MODELS_PATHS.get(self.dialect.name)
        if path is None or MODEL_IN_URL in self._base:
            return None
        target = self._with_query(self._base + path).encode()
        return b"GET %s HTTP/1.1\r\n%s%s\r\n" % (target, self._fields, self.varying_headers({}, own_dialect=False))

    def _head_fields(self, agent: str) -> bytes:
        varying = self.dialect.passed_headers
        fields = {
            "host": self.pool.origin.authority,
            "user-agent": agent,
            "accept": "application/json, text/event-stream",
            "accept-encoding": "identity",
            "content-type": "application/json",
            **{name: value for name, value in self.dialect.headers.items() if name.encode() not in varying},
            **self.provider.headers,
        }
        if self.key.secret and self.signer is None:
            header = self.provider.key_header or self.dialect.key_header
            fields[header] = f"Bearer {self.key.secret}" if header == "authorization" else self.key.secret
        return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode("latin-1")


class Upstream:
    """One provider: its channels, the best first, its keys, and its sockets, one pool for each origin."""

    def __init__(
        self, provider: Provider, agent: str, quarantine: Quarantine | None = None, pacing: Pacing | None = None
    ) -> None:
        """Raises ValueError for a key that cannot be sent."""
        self.provider = provider
        self.quarantine = Quarantine() if quarantine is None else quarantine
        keys = provider.keys or (_NO_KEY,)
        self.keys = ProviderKeys(provider.name, keys, self.quarantine, pacing=pacing)
        self._pools: dict[tuple[bool, str], Pool] = {}
        signers = {key.id: signer_for(provider, key) for key in keys}
        self.channels = tuple(self._channel(way, agent, keys, signers) for way in provider.ways)
        """With the first key; `with_key` has the others."""

    @property
    def pools(self) -> tuple[Pool, ...]:
        return tuple(self._pools.values())

    def channel(self, endpoint: str) -> Channel:
        """The first whose own dialect the endpoint is, else the best: it is translated to."""
        return self.candidates(endpoint)[0]

    def candidates(self, endpoint: str) -> tuple[Channel, ...]:
        """The one whose own dialect the endpoint is, else all that it may be translated to, the best first."""
        for channel in self.channels:
            if endpoint in channel.dialect.endpoints:
                return (channel,)
        return self.channels

    def keep_warm(self, seconds: float) -> None:
        """A socket to each origin is there before it is needed. To be called about once a second."""
        for pool in self._pools.values():
            pool.keep_warm(seconds)

    def close_idle(self) -> None:
        for pool in self._pools.values():
            pool.close_idle()

    def close(self) -> None:
        """Close every idle socket now; sockets in use close when their exchange ends."""
        for pool in self._pools.values():
            pool.close()

    def _channel(
        self, way: Way, agent: str, keys: Sequence[ProviderKey], signers: Mapping[str, Signer | None]
    ) -> Channel:
        siblings: dict[str, Channel] = {}
        for key in keys:
            signer = signers[key.id]
            siblings[key.id] = Channel(
                self.provider, way, self._pool(way), agent, key, signer, self.quarantine, siblings
            )
        return siblings[keys[0].id]

    def _pool(self, way: Way) -> Pool:
        pool = Pool(self.provider, way.base_url)
        return self._pools.setdefault((pool.origin.tls, pool.origin.authority), pool)
