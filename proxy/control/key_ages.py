"""Keys of providers that are older than their policy allows: an alarm that names the command, or a rotation at once.

Keeps true: an alarm ends with the age that it is about; a rotation that was rolled back is not begun again by itself
within a day. A secret's age is counted from when it was set, or first seen in the vault. Of one that is written past us
it is not known, which the loading of the configuration warns of.
"""

import asyncio
import logging
from collections.abc import Callable

from gatewatch.config import Loaded
from gatewatch.control.provider_rotations import ProviderRotations
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.rotation.rotator import Rotator
from gatewatch.timespan import duration_text
from gatewatch.vault.kinds import READ_ONLY
from gatewatch.vault.opening import kind_of
from proxy.control.rotating_by_itself import command, rotate
from proxy.control.rotation_subject import keys_of

LOOK_SECONDS = 60.0
DAY_US = 86_400_000_000
VAULT = "vault:"

log = logging.getLogger("gatewatch.control")


class KeyAges:
    """Looks at the age of every key in the vault that a provider has a policy for."""

    def __init__(
        self,
        home: Home,
        loaded: Callable[[], Loaded],
        rotator: Rotator,
        alarm: Callable[[str, str | None], None],
        clock: Callable[[], int] | None = None,
    ) -> None:
        """`alarm` (its id, its text or None) may be called from any thread."""
        self._home = home
        self._loaded = loaded
        self._rotator = rotator
        self._alarm = alarm
        self._clock = clock
        self._raised: set[str] = set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except Exception:
                log.exception("the age of keys could not be looked at; it is tried again in %g s", LOOK_SECONDS)
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Once. Raises GatewatchError where the store cannot be read."""
        clock = {} if self._clock is None else {"clock": self._clock}
        with ControlStore.open(self._home.control, actor="gateway", **clock) as store:
            if kind_of(store) in READ_ONLY:
                return
            set_at = {note.name: note.set_at for note in store.provider_keys()}
            old: set[str] = set()
            for name, provider in self._loaded().config.providers.items():
                policy = provider.rotation
                if policy is None or policy.max_age is None:
                    continue
                for key, reference in keys_of(self._loaded().config, name).items():
                    if not reference.startswith(VAULT):
                        continue
                    entry = reference.removeprefix(VAULT)
                    if entry not in set_at:
                        ProviderRotations(store).note_first_seen(entry)
                        continue
                    if (age := store.clock() - set_at[entry]) <= policy.max_age:
                        continue
                    id = f"key_age:{name}/{entry}"
                    old.add(id)
                    trouble = None
                    if policy.automatic:
                        trouble = rotate(store, self._rotator.begin, name, key, entry, "its key is too old")
                    self._alarm(id, _text(name, key, entry, age, policy.max_age, trouble))
        for id in self._raised - old:
            self._alarm(id, None)
        self._raised = old


def _text(provider: str, key: str, entry: str, age: int, most: int, trouble: str | None) -> str:
    by_itself = f" It is not rotated by itself: {trouble}." if trouble else ""
    return (
        f"The key vault:{entry} of {provider} is {age // DAY_US} days old; at most {duration_text(most)} is allowed."
        f"{by_itself} Rotate it: {command(provider, key, VAULT + entry)}"
    )
