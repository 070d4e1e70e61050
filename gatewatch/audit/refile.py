"""Begins the second sink's file anew after somebody touched it. What was there is kept aside as evidence."""

from pathlib import Path

import msgspec

from gatewatch.audit.anchor import AnchorPlace
from gatewatch.audit.audit_key import get_or_create_audit_key
from gatewatch.audit.sealing import Sealed, seal_trail
from gatewatch.audit.second_sink import SecondSink
from gatewatch.control.exclusive import exclusive
from gatewatch.control.store import ControlStore
from gatewatch.errors import UsageError
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault


def refile(home: Home, store: ControlStore, vault: Vault, sink: SecondSink) -> tuple[Path | None, Sealed]:
    """Where the old file is now, and how it stands with the new one. The trail itself tells of it.

    Raises UsageError where there is no such file by the configuration, VaultError, OSError, ControlStoreError.
    """
    if sink.file is None:
        raise UsageError("the configuration says `audit: {file: none}`", "name a file there")
    with exclusive(home.audit_lock):
        key = get_or_create_audit_key(store.connection, vault)
        place = AnchorPlace(vault, home.audit_anchor)
        kept = place.read(key)
        aside = sink.file.with_name(f"{sink.file.name}.until-{store.clock() // 1_000_000}")
        moved = aside if sink.file.exists() else None
        store.audit("audit.refile", str(sink.file), records=kept.filed if kept else 0, moved_to=moved and str(moved))
        if moved is not None:
            sink.file.rename(moved)
        if kept is not None:
            place.write(msgspec.structs.replace(kept, filed=0), key)
    return moved, seal_trail(home, store, vault, sink)
