"""Rotates one key of a provider, from wherever it stands: mint → store → probe → switch → drain → revoke.

Keeps true: each step is noted before the next begins, and may be done again; the new key is in the vault before it is
tried, and tried before it is used; the old one is ended only when no call that began with it is left, or the time for
that is over. What fails before the switch is rolled back; what fails after it, or cannot be rolled back for now, waits
for an operator.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from gatewatch.control.provider_rotations import ProviderRotations, Rotation, RotationOver
from gatewatch.control.schema import ControlStoreError
from gatewatch.errors import GatewatchError
from gatewatch.rotation.parts import AdminRefused, KeyMaker, NoAnswer, Parts, ProbeFailed
from gatewatch.rotation.remains import new_key, old_key
from gatewatch.vault.interface import Vault

PAUSE_SECONDS = 0.1
TAKE_SECONDS = 60.0
"""How long workers may take to be told of a new key; one that is not then is stuck, or its gateway's file is broken."""
TRY_AGAIN_SECONDS = (1.0, 3.0, 10.0)
"""Between tries of what may go better the next time."""
SETTLING_SECONDS = 5.0
"""Between tries of a new key that is not known everywhere yet."""
LATE_SECONDS = (5.0, 10.0, 20.0, 30.0)
"""Between looks for a key whose making was not answered."""

log = logging.getLogger("gatewatch.rotation")

Told = TypeVar("Told")


def next_entry(entry: str) -> str:
    """Where the vault has the new secret until the switch. No reference of a configuration can name it."""
    return f"gatewatch/next/{entry}"


def old_entry(entry: str) -> str:
    """Where the vault has the old secret from the switch on."""
    return f"gatewatch/old/{entry}"


class Procedure:
    """One rotation; belongs to one thread, and is run by one process at a time."""

    def __init__(
        self,
        rotation: Rotation,
        rotations: ProviderRotations,
        vault: Vault,
        parts: Parts,
        tell: Callable[[Rotation], None] = lambda _: None,
    ) -> None:
        """`tell` hears of every change."""
        self.rotation = rotation
        self._rotations = rotations
        self._vault = vault
        self._parts = parts
        self._tell = tell
        self._entry = rotation.entry

    def put(self, secret: str) -> None:
        """Keeps the key that the operator gave: the first thing after the beginning. Raises VaultError, and is over."""
        try:
            self._vault.set(next_entry(self._entry), secret)
        except GatewatchError as error:
            self._note("begun", "rolled-back", failure=error.title, next_step=error.next_step, rolls_back=True)
            raise
        self._note("stored")

    async def run(self) -> Rotation:
        """Goes on to the end; the rotation as it is then: `done`, `rolled-back`, or `failed` and worth a look.

        Raises ControlStoreError or sqlite3.Error where it cannot even be noted how far it came: it goes on from there
        the next time.
        """
        while self.rotation.state == "running":
            try:
                await self._next()
            except (ControlStoreError, sqlite3.Error):
                raise
            except RotationOver:
                continue
            except GatewatchError as error:
                self._fail(error)
            except Exception as defect:
                log.exception("rotation %s", self.rotation.id)
                self._fail(GatewatchError(f"a defect of ours: {type(defect).__name__}", "the log has more"))
        return self.rotation

    async def _next(self) -> None:
        self._took(self._rotations.get(self.rotation.id))
        if self.rotation.is_over:
            return
        cancelled, learnt = self.rotation.cancel_by is not None, self.rotation.detail
        if self.rotation.before_the_switch and cancelled and not learnt.rolls_back:
            self._learn(rolls_back=True, failure=f"cancelled by {self.rotation.cancel_by}")
        if self.rotation.detail.rolls_back:
            await self._roll_back()
            return
        if self._parts.gone is not None and not (cancelled and self.rotation.step == "switching"):
            raise self._parts.gone
        steps: dict[str, Callable[[], Awaitable[None]]] = {
            "begun": self._mint,
            "minted": self._keep_minted,
            "stored": self._probe,
            "probed": self._claim,
            "switching": self._switch,
            "switched": self._hand_out,
            "taken": self._drain,
            "drained": self._revoke,
            "revoked": self._finish,
        }
        await steps[self.rotation.step]()

    # up to the switch

    async def _mint(self) -> None:
        """Keys of this rotation that are there already were made by a process that died before it could keep them."""
        if not self.rotation.detail.mint:
            raise GatewatchError("the new key was lost before it was kept", "begin again, with the new key")
        maker = self._maker()
        self._vault.delete(next_entry(self._entry))  # raises where nothing could be kept, before anything is made
        self._learn(awaiting="the provider makes a key")
        for id in await maker.named(self.rotation.id):
            await maker.revoke(id)
        self._learn(asked_at=self._rotations.clock)
        try:
            minted = await maker.mint(self.rotation.id, self._vault.get(self._entry))
        except AdminRefused as error:
            if not isinstance(error, NoAnswer) and not await self._patiently(lambda: maker.named(self.rotation.id)):
                self._learn(asked_at=None)
            raise
        self._note("minted", minted_id=minted.id, asked_at=None, awaiting=None)
        self._vault.set(next_entry(self._entry), minted.secret)
        self._note("stored")

    async def _keep_minted(self) -> None:
        """Whoever minted died at once: with the secret in the vault, or before, and another has to be made."""
        if self._vault.get(next_entry(self._entry)) is None:
            await self._mint()
        else:
            self._note("stored")

    async def _probe(self) -> None:
        secret = self._vault.get(next_entry(self._entry))
        if secret is None:
            raise GatewatchError("the vault has lost the new key", "begin again")
        self._learn(awaiting="the provider takes the new key")
        maker = self._parts.maker if self.rotation.detail.mint else None
        settling = [SETTLING_SECONDS] * int((maker.settling if maker else 0) / SETTLING_SECONDS)
        for pause in (*TRY_AGAIN_SECONDS, *settling, None):
            try:
                await self._parts.prober.probe(secret)
                break
            except ProbeFailed as error:
                if pause is None and error.for_now:
                    title = f"the new key could not be tried, which is not the key's fault: {error.title}"
                    raise GatewatchError(title, "rotate again when the provider answers") from None
                if pause is None or not (error.for_now or self.rotation.detail.mint):
                    raise
                await asyncio.sleep(pause)  # a new key may take a moment to be known everywhere
        self._note("probed", awaiting=None)

    async def _claim(self) -> None:
        """The old key is put aside first: from then on it can be told whether the vault has the old or the new one."""
        current = self._vault.get(self._entry)
        if current is None:
            self._vault.delete(old_entry(self._entry))
        else:
            self._vault.set(old_entry(self._entry), current)
        self._took(self._rotations.claim_switch(self.rotation))

    async def _roll_back(self) -> None:
        """Nothing was switched. The minted key is ended first: its secret may be needed to find it."""
        try:
            await self._end_minted()
        except AdminRefused as error:
            end = self._parts.by_hand.replace("the old key", "it")
            left = f"{error.title}; {new_key(self.rotation)} may be left: look for it, and {end}; then --abandon"
            self._note(self.rotation.step, "failed", awaiting=None, next_step=left)
            return
        self._vault.delete(next_entry(self._entry))
        if self.rotation.step == "switching" or self._vault.get(self._entry) == self._vault.get(old_entry(self._entry)):
            self._vault.delete(old_entry(self._entry))
        self._note(self.rotation.step, "rolled-back", awaiting=None, asked_at=None)

    async def _end_minted(self) -> None:
        """Also a key of whose making nothing was heard. Raises AdminRefused while one may be left."""
        id, asked_at = self.rotation.detail.minted_id, self.rotation.detail.asked_at
        if id is None and asked_at is None:
            return
        maker = self._maker()
        self._learn(awaiting="the provider ends the new key")
        for pause in (*LATE_SECONDS, None):
            found = {*([id] if id else []), *await self._patiently(lambda: maker.named(self.rotation.id))}
            if found or pause is None:
                break
            await asyncio.sleep(pause)
        if not found:
            raise NoAnswer("it is not known whether the provider has made a key; --resume looks again")
        for each in found:
            await self._end(maker, each)

    # from the switch on

    async def _switch(self) -> None:
        """Rolls back where the new key is lost, or somebody cancelled: as long as the old one is in the vault."""
        new, old, current = map(self._vault.get, (next_entry(self._entry), old_entry(self._entry), self._entry))
        cancelled = self.rotation.cancel_by
        if new is not None and current == new:
            self._learn(keep_old=cancelled is not None or self.rotation.detail.keep_old)  # too late for more than that
        elif current != old and (new is None or not cancelled):
            raise GatewatchError(
                f"vault:{self._entry} was changed past us in the middle of its switch",
                "--cancel leaves it as it is" if new else "give the rotation up with --abandon, then look at that key",
            )
        elif new is None or cancelled:
            failure = f"cancelled by {cancelled}" if cancelled else "the vault has lost the new key"
            self._learn(rolls_back=True, failure=failure)
            return
        else:
            self._vault.set(self._entry, new)
        self._took(self._rotations.note_switched(self.rotation))

    async def _hand_out(self) -> None:
        """Every worker has the new key."""
        self._vault.delete(next_entry(self._entry))
        epoch = None if self._parts.fleet is None else await self._taken_by_all()
        drain_until = self._rotations.clock + self.rotation.detail.drain_us
        self._note("taken", epoch=epoch, drain_until=drain_until, awaiting=None)

    async def _taken_by_all(self) -> int:
        fleet = self._parts.fleet
        assert fleet
        secret = self._vault.get(self._entry) or ""
        fleet.refresh()
        try:
            async with asyncio.timeout(TAKE_SECONDS):
                while (epoch := fleet.epoch_with(self._parts.provider, secret)) is None:
                    self._learn(awaiting="the gateway takes the new key")
                    await asyncio.sleep(PAUSE_SECONDS)
                while behind := fleet.behind(epoch):
                    self._learn(awaiting=f"workers take the new key: {', '.join(map(str, behind))}")
                    await asyncio.sleep(PAUSE_SECONDS)
        except TimeoutError:
            problem = fleet.problem() or self.rotation.detail.awaiting
            raise GatewatchError(
                f"not every worker has the new key: {problem}", "mend that, then go on with --resume"
            ) from None
        return epoch

    async def _drain(self) -> None:
        """No call that began with the old key is left, or their time is over."""
        fleet, epoch, until = self._parts.fleet, self.rotation.detail.epoch, self.rotation.detail.drain_until or 0
        if fleet is not None and epoch is not None:
            while (left := self._in_flight(epoch)) and self._rotations.clock < until:
                self._learn(calls_left=left, awaiting=f"{left} calls that began with the old key end")
                await asyncio.sleep(PAUSE_SECONDS)
            self._note("drained", calls_left=left, awaiting=None)
        else:
            self._note("drained", calls_left=0)

    def _in_flight(self, epoch: int) -> int:
        """A worker that has not reported since counts as one call."""
        assert self._parts.fleet
        return self._parts.fleet.in_flight_before(epoch) + len(self._parts.fleet.behind(epoch))

    async def _revoke(self) -> None:
        """The old key at the provider: by its admin API, else it is told what an operator has to do."""
        secret, id = self._vault.get(old_entry(self._entry)), self.rotation.detail.old_id
        if self.rotation.detail.keep_old or (secret is None and self.rotation.detail.version_old is None):
            self._note("revoked", revoked=None)
            return
        maker = self._parts.maker
        if maker is not None:
            self._learn(awaiting="the provider ends the old key")
            if id is None and secret is not None:
                id = await self._patiently(lambda: maker.identify(secret))
            if id is not None:
                await self._end(maker, id)
        revoked = maker is not None and id is not None
        self._learn(old_id=id)
        told = None if revoked else self._parts.by_hand.replace("the old key", old_key(self.rotation))
        self._note("revoked", revoked=revoked, next_step=told, awaiting=None)

    async def _finish(self) -> None:
        if not self.rotation.detail.keep_old:
            self._vault.delete(old_entry(self._entry))
        self._note("finished", "done")

    # what all of them use

    def _maker(self) -> KeyMaker:
        if self._parts.maker is None or not self._parts.maker.mints:
            raise AdminRefused(
                f"{self._parts.provider} has no admin API configured that makes keys",
                f"configure providers.{self._parts.provider}.admin, or give the new key yourself",
            )
        return self._parts.maker

    async def _end(self, maker: KeyMaker, id: str) -> None:
        await self._patiently(lambda: maker.revoke(id))

    @staticmethod
    async def _patiently(ask: Callable[[], Awaitable[Told]]) -> Told:
        for pause in TRY_AGAIN_SECONDS:
            with contextlib.suppress(AdminRefused):
                return await ask()
            await asyncio.sleep(pause)
        return await ask()

    def _fail(self, error: GatewatchError) -> None:
        told = {"failure": error.title, "next_step": error.next_step or None, "awaiting": None}
        with contextlib.suppress(RotationOver):
            if self.rotation.before_the_switch and not self.rotation.detail.rolls_back:
                self._note(self.rotation.step, rolls_back=True, **told)
            else:
                self._note(self.rotation.step, "failed", **told)

    def _note(self, step: Any, state: Any = None, **detail: Any) -> None:
        self._took(self._rotations.note(self.rotation, step, state, **detail))

    def _learn(self, **detail: Any) -> None:
        self._took(self._rotations.learn(self.rotation, **detail))

    def _took(self, rotation: Rotation) -> None:
        if rotation != self.rotation:
            self.rotation = rotation
            self._tell(rotation)
