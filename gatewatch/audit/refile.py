"""Begins the second sink's file anew after somebody touched it. What was there is kept aside as evidence."""

from pathlib import Path

import msgspec

from gatewatch.audit.anchor import AnchorPlace
from gatewatch.audit.audit_key import find_audit_key
from gatewatch.audit.sealing import Sealed, seal_trail
from gatewatch.audit.second_sink import SecondSink, sink_as_before
from gatewatch.control.exclusive import exclusive
from gatewatch.control.store import ControlStore
from gatewatch.errors import UsageError
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault


def refile(home: Home, store: ControlStore, vault: Vault, sink: SecondSink | None) -> tuple[Path | None, Sealed]:
    """Where the old file is now, and how it stands with the new one. The trail itself tells of it.

    Raises UsageError where there is no such file by the configuration, VaultError, OSError, ControlStoreError.
    """
    with exclusive(home.audit_lock):
        key = find_audit_key(vault)
        place = AnchorPlace(vault, home.audit_anchor)
        kept = None if key is None else place.read(key)
        file = (sink or sink_as_before(home, kept)).file
        if file is None:
            raise UsageError("the configuration says `audit: {file: none}`", "name a file there")
        aside = file.with_name(f"{file.name}.until-{store.clock() // 1_000_000}")
        moved = aside if file.exists() else None
        store.audit("audit.refile", str(file), records=kept.filed if kept else 0, moved_to=moved and str(moved))
        if moved is not None:
            file.rename(moved)
        if key is not None and kept is not None:
            place.write(msgspec.structs.replace(kept, filed=0), key)
    return moved, seal_trail(home, store, vault, sink)
