"""What a try at a provider has found, in the order in which it is told."""

from typing import Any

import msgspec

from gatewatch.redact import redact
from gatewatch.safe_text import safe
from proxy.settings import Provider


class Findings(msgspec.Struct, kw_only=True):
    """None: not found out."""

    provider: str
    dialect: str | None = None
    base_url: str | None = None
    model: str | None = None
    reachable: bool = False
    tls: str | None = None
    status: int | None = None
    served_model: str | None = None
    tokens: dict[str, int] | None = None
    cost_usd: str | None = None
    cost_basis: str | None = None
    latency_ms: int | None = None
    request_id: str | None = None
    rate_limits: dict[str, Any] | None = None
    works_at: str | None = None
    """A base URL at which it would work."""
    models: list[str] | None = None
    """Some that there are, where the asked one is not among them."""
    problem: str | None = None
    next_step: str = ""
    verdict: str = ""
    """Whose fault it is; not told."""

    def told(self) -> dict[str, Any]:
        """Every field, in order; what only matters where something is wrong is left out where nothing is."""
        said: dict[str, Any] = msgspec.to_builtins(self)
        del said["verdict"]
        for name in ("works_at", "models"):
            if said[name] is None:
                del said[name]
        if self.problem is None:
            del said["next_step"]
        return said


def harmless(message: str, provider: Provider) -> str:
    """A provider's words without the key, should it repeat it, and without what else is secret."""
    for key in provider.keys:
        if key.secret:
            message = message.replace(key.secret, "[secret]")
    return safe(redact(message[:2000]), 500)
