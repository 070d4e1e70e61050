"""A rotation's surroundings for tests: a real store, a vault in memory that dies when it is told to, a provider."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gatewatch.control.provider_rotations import Detail, ProviderRotations, Rotation
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.rotation.parts import AdminRefused, Minted, NoAnswer, Parts, ProbeFailed
from gatewatch.rotation.procedure import Procedure
from gatewatch.vault.interface import Description


class Died(BaseException):
    """The process is dead: nothing that would be done later is done."""


class Fate:
    """Counts what lasts: a commit, a change of the vault, a request to the provider. Deadly before the n-th."""

    def __init__(self, deadly: int = 0) -> None:
        self.deeds, self._deadly = 0, deadly

    def next_deed(self) -> None:
        self.deeds += 1
        if self.deeds == self._deadly:
            raise Died


class Disk:
    """What outlives a process: the entries of a vault, and the keys that a provider has."""

    def __init__(self, folder: Path, current: str = "old-secret") -> None:
        self.control = folder / "control.db"
        self.entries = {"openai": current}
        self.keys = {"id-old": current}
        """Id → secret of the keys that work."""
        self.names: dict[str, str] = {}
        self.made = 0


class DyingVault:
    """Keeps its secrets on the disk."""

    def __init__(self, disk: Disk, fate: Fate) -> None:
        self._disk, self._fate = disk, fate

    def get(self, name: str) -> str | None:
        return self._disk.entries.get(name)

    def set(self, name: str, secret: str) -> None:
        self._fate.next_deed()
        self._disk.entries[name] = secret

    def delete(self, name: str) -> None:
        self._fate.next_deed()
        self._disk.entries.pop(name, None)

    def names(self) -> list[str]:
        return sorted(self._disk.entries)

    def describe(self) -> Description:
        return Description("test", "for a test")


class DyingProvider:
    """Makes and ends keys, and tries them: an honest one."""

    mints = True
    settling = 0.0

    def __init__(self, disk: Disk, fate: Fate) -> None:
        self._disk, self._fate = disk, fate
        self.refuses: ProbeFailed | None = None
        self.broken: set[str] = set()
        """Names of methods that fail."""
        self.hiccups: list[str] = []
        """Names of methods that fail the next time."""
        self.late: list[Callable[[], object]] | None = None
        """Where not None: what is asked to be made is never answered, and made when it lands."""
        self.probed: list[str] = []

    async def mint(self, name: str, beside: str | None) -> Minted:
        self._ask("mint")
        assert beside in self._disk.keys.values()
        if self.late is not None:
            self.late.append(lambda: self._made(name))
            raise NoAnswer("no answer within 20 seconds")
        return self._made(name)

    def land(self) -> None:
        """What was asked for and not answered is done."""
        assert self.late is not None
        for made in self.late:
            made()
        self.late.clear()

    def _made(self, name: str) -> Minted:
        self._disk.made += 1
        minted = Minted(secret=f"new-secret-{self._disk.made}", id=f"id-{self._disk.made}")
        self._disk.keys[minted.id], self._disk.names[minted.id] = minted.secret, name
        return minted

    async def revoke(self, id: str) -> None:
        self._ask("revoke")
        self._disk.keys.pop(id, None)

    async def identify(self, secret: str) -> str | None:
        self._ask("identify")
        return next((id for id, known in self._disk.keys.items() if known == secret), None)

    async def named(self, name: str) -> list[str]:
        self._ask("named")
        return [id for id, given in self._disk.names.items() if given == name and id in self._disk.keys]

    async def probe(self, secret: str) -> None:
        self._fate.next_deed()
        self.probed.append(secret)
        if self.refuses is not None:
            raise self.refuses
        if secret not in self._disk.keys.values():
            raise ProbeFailed("no such key")

    def _ask(self, what: str) -> None:
        self._fate.next_deed()
        if what in self.hiccups:
            self.hiccups.remove(what)
            raise AdminRefused(f"cannot {what} just now")
        if what in self.broken:
            raise AdminRefused(f"cannot {what}")


class DyingStore(ControlStore):
    """Dies before a commit: of that change nothing is left."""

    fate: Fate

    @contextmanager
    def change(self) -> Iterator[None]:
        with super().change():
            yield
            self.fate.next_deed()


class FakeFleet:
    """Workers whose state a test sets."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.epoch, self.late, self.in_flight = 7, list[int](), 0
        self.refreshed = 0
        self.takes = True

    def refresh(self) -> None:
        self.refreshed += 1

    def epoch_with(self, provider: str, secret: str) -> int | None:
        assert provider == "openai"
        return self.epoch if self.takes and self._disk.entries["openai"] == secret else None

    def behind(self, epoch: int) -> list[int]:
        assert epoch == self.epoch
        return self.late

    def in_flight_before(self, epoch: int) -> int:
        assert epoch == self.epoch
        return self.in_flight

    def problem(self) -> str | None:
        return None if self.takes else "the file is broken"


class Stage:
    """One process's life at one rotation."""

    def __init__(self, disk: Disk, fate: Fate | None = None) -> None:
        self.disk, self.fate = disk, fate or Fate()
        self.store = DyingStore.open(disk.control, actor="alice")
        assert isinstance(self.store, DyingStore)
        self.store.fate = self.fate
        self.rotations = ProviderRotations(self.store)
        self.vault = DyingVault(disk, self.fate)
        self.provider = DyingProvider(disk, self.fate)
        self.fleet = FakeFleet(disk)
        self.maker: DyingProvider | None = self.provider
        self.gone: GatewatchError | None = None

    def begin(self, *, mint: bool = True, keep_old: bool = False, drain_us: int = 60_000_000) -> Rotation:
        detail = Detail(mint=mint, keep_old=keep_old, drain_us=drain_us)
        return self.rotations.begin("openai", "vault:openai", "openai", detail)

    def procedure(self, rotation: Rotation) -> Procedure:
        parts = Parts(
            provider="openai",
            prober=self.provider,
            maker=self.maker,
            fleet=self.fleet,
            by_hand="end the old key at example.com",
            gone=self.gone,
        )
        return Procedure(rotation, self.rotations, self.vault, parts)

    async def run(self, rotation: Rotation) -> Rotation:
        return await self.procedure(rotation).run()

    def close(self) -> None:
        """As the kernel does with a dead process's files."""
        self.store.close()
