"""Actors at work on a home of their own: real files, a real store and vault, a clock that a test sets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gatewatch.actions.acting import Acting
from gatewatch.actions.perform import perform
from gatewatch.authority.actor import Actor
from gatewatch.config import Config, load
from gatewatch.control.records import now_us
from gatewatch.control.store import ControlStore
from gatewatch.ledger.reader import LocalLedger
from gatewatch.paths import Home
from gatewatch.vault.file_vault import FileVault
from gatewatch.vault.opening import Wish, open_vault

SECOND, MINUTE, HOUR, DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = now_us()

    def __call__(self) -> int:
        return self.now


class Stage:
    """One home, and whoever acts on it."""

    def __init__(self, folder: Path, declared: tuple[str, ...] = ()) -> None:
        self.home = Home(folder / "home").make()
        self.clock = Clock()
        self.gateway: Any = None
        self.declared = declared

    @contextmanager
    def acting(self, actor: Actor | None = None) -> Iterator[Acting]:
        """As a super-admin, unless told otherwise."""
        with ControlStore.open(self.home.control, actor=actor or Actor(id="root"), clock=self.clock) as store:
            vault = open_vault(self.home, store, Wish(kind="file"))
            yield Acting(
                self.home,
                store,
                open_vault=lambda: vault,
                open_ledger=lambda: LocalLedger(self.home),
                declared_teams=lambda: self.declared,
                gateway=self.gateway,
                configuration=self.configuration,
            )

    def configuration(self) -> Config | None:
        """The home's own file, if there is one."""
        return load(self.home.config, {}).config if self.home.config.exists() else None

    def do(self, deed: str, actor: Actor | None = None, /, **asked: object) -> Any:
        """Performs one action; its answer. Raises what it raises."""
        with self.acting(actor) as acting:
            return perform(acting, deed, asked)

    def key(self, name: str = "app", /, **fields: object) -> Any:
        """A new key of team search, a moment after the one before it."""
        self.clock.now += 1
        return self.do("keys.create", name=name, **{"team": "search", "create_team": True} | fields)

    def store(self, look: Callable[[ControlStore], Any]) -> Any:
        with self.acting() as acting:
            return look(acting.store)

    def vault(self) -> FileVault:
        with self.acting() as acting:
            vault = acting.open_vault()
            assert isinstance(vault, FileVault)
            return vault

    def deeds(self) -> list[tuple[str, str, str]]:
        """Action, target and result of the audit trail, the oldest first."""
        entries = self.store(lambda store: store.audit_entries(1000))
        return [(entry.action, entry.target, entry.result) for entry in reversed(entries)]


class RunningGateway:
    """As much of a gateway that runs as actions see."""

    def __init__(self, *workers: dict[str, int]) -> None:
        self.workers = workers

    def live(self) -> dict[str, Any]:
        return {"workers": [{"keys_in_flight": flights} for flights in self.workers]}

    def refresh(self) -> None:
        return None

    def test_alert_sink(self, name: str) -> dict[str, Any]:
        return {"sink": name, "delivered": True, "said": "answered 200", "took_ms": 1}

    def verify_counters(self) -> dict[str, Any]:
        return {"at": 0, "compared": 0, "differences": [], "skipped": None, "following": 0}

    def invalidate_cache(self, said: dict[str, str]) -> dict[str, int]:
        return {"invalidated": len(said), "workers": len(self.workers), "of_workers": len(self.workers)}

    def rules_changed(self) -> None:
        return None
