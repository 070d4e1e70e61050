"""Seals what a command has written where no gateway runs and it had no need of the vault, as a revocation has none.

Keeps true: nobody is asked for anything, the command ends soon all the same, and what is in the way fails nothing, but
is said. A key file, a vault that is given from outside and a keyring that is unlocked open without anybody.
"""

import sqlite3

from gatewatch.audit.sealing import seal_trail
from gatewatch.audit.second_sink import SecondSink
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.paths import Home
from gatewatch.vault.deadline import within
from gatewatch.vault.opening import NO_WISH, kind_of, open_chosen

SECONDS = 3.0
LATER = "is not sealed yet, and could be taken out unseen until it is"


def newest(store: ControlStore) -> int:
    """The newest entry of the audit trail."""
    return int(store.connection.execute("SELECT ifnull(max(seq), 0) FROM audit").fetchone()[0])


def seal_unasked(home: Home, sink: SecondSink | None = None) -> list[str]:
    """What is in the way; nothing where no vault was chosen yet. `sink`: by the configuration; None: as before."""

    def seal() -> list[str]:
        # A store of its own: this thread may stay behind, waiting for a keyring.
        with ControlStore.open(home.control, actor="gatewatch") as store:
            if not kind_of(store):
                return []
            return list(seal_trail(home, store, open_chosen(home, store, NO_WISH), sink).problems.values())

    try:
        return within(SECONDS, seal)
    except TimeoutError:
        why = f"the vault did not open within {SECONDS:g} s"
    except GatewatchError as error:
        why = error.title
    except (OSError, sqlite3.Error) as error:
        why = str(error)
    return [f"the newest entry {LATER} ({why}); `gatewatch audit verify` seals it"]
