"""A gateway that has every provider of the table, and a sandbox that is all of them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conformance.dialects.provider import Provider
from tests.conformance.dialects.specials import SPECIALS
from tests.conformance.dialects.table import PROVIDERS
from tests.conformance.dialects.wire import Connection, Sandbox
from tests.kit.forgiving import FORGIVING
from tests.kit.running import gateway, sandbox


class Place:
    """`gateway` takes calls with `key`; `sandbox` tells what came of them; `journal` holds their rows."""

    def __init__(self, listen: str, sandbox: str, key: str, journal: Path) -> None:
        self.gateway = Connection(listen)
        self.sandbox = Sandbox(sandbox)
        self.key = key
        self._journal = journal

    def close(self) -> None:
        self.gateway.close()
        self.sandbox.close()

    def rows(self, call_id: str) -> dict[str, dict[str, Any]]:
        """The journal's last record of each kind for a call."""
        found: dict[str, dict[str, Any]] = {}
        for segment in sorted(self._journal.glob("*.jsonl")):
            for line in segment.read_text(encoding="utf-8").splitlines():
                if call_id in line:
                    row = json.loads(line)
                    found[row["k"]] = row
        return found


def dropping(provider: Provider, model: str) -> str:
    """The route that drops what this provider cannot be told."""
    return f"dropping-{provider.id}-{model}"


@contextmanager
def place_in(folder: Path) -> Iterator[Place]:
    key = folder / "provider.key"
    key.write_text("sk-canary-of-the-provider-0123456789")
    key.chmod(0o600)
    with (
        sandbox(folder) as provider,
        gateway(folder, _config(provider.listen, key), module=FORGIVING) as running,
    ):
        place = Place(running.running.listen, provider.listen, running.key("app"), running.home / "journal")
        try:
            yield place
        finally:
            place.close()


def _config(sandbox: str, key: Path) -> str:
    """JSON is YAML."""
    providers = {
        each.id: {
            "dialect": each.title,
            "base_url": sandbox + each.base,
            "api_key": f"file:{key}",
            "allow_private": True,
        }
        for each in PROVIDERS.values()
    }
    routes = {
        dropping(each, model): {"targets": [f"{each.id}/{model}"], "drop_params": True}
        for each in PROVIDERS.values()
        for model in {each.model, *each.models.values(), *(one.model for one in SPECIALS if one.provider == each.id)}
    }
    return json.dumps({"vault": "file", "providers": providers, "models": routes})
