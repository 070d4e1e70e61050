"""What `gatewatch doctor` looks at. It changes nothing, and each finding that is not ok says how to mend it."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gatewatch.config.loading import Loaded, load
from gatewatch.control.store import ControlStore
from gatewatch.control_client import ControlClient
from gatewatch.errors import GatewatchError, Unreachable
from gatewatch.paths import Home
from gatewatch.vault.opening import open_vault
from gatewatch.vault.references import resolve

LOW_SPACE = 1024**3
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "ceph", "glusterfs"})
"""Their locks and appends do not keep what the journal promises."""


class Finding(NamedTuple):
    """One thing that was looked at."""

    state: str
    """ok, missing (something is not set up yet) or broken."""
    area: str
    what: str
    next_step: str = ""


def examine(home: Home, config: Path | None) -> list[Finding]:
    """Everything, in the order in which a gateway needs it."""
    return [
        *_python(),
        *_home(home),
        *(configuration := list(_configuration(home, config))),
        *([] if any(finding.state == "broken" for finding in configuration) else _secrets(home, config)),
        *_gateway(home),
    ]


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("ok", "python", f"{version} at {sys.executable}")


def _home(home: Home) -> Iterator[Finding]:
    root = home.root
    if not root.exists():
        yield Finding("missing", "home", f"{root} does not exist yet", "It is made at the first start.")
        return
    mode = root.stat().st_mode & 0o777
    if mode & 0o077:
        yield Finding("broken", "home", f"{root} has mode {mode:04o}: others can read it", f"chmod 700 {root}")
    elif not os.access(root, os.W_OK):
        yield Finding("broken", "home", f"{root} cannot be written by this user", "Take another with --home.")
    else:
        yield Finding("ok", "home", str(root))
    kind = _file_system(root)
    if kind in NETWORK_FILE_SYSTEMS:
        yield Finding(
            "broken", "journal", f"{root} is on {kind}, where locks and appends are not safe", "Use a local disk."
        )
    free = shutil.disk_usage(root).free
    state = "ok" if free > LOW_SPACE else "broken"
    yield Finding(state, "disk", f"{free / 1e9:.1f} GB free", "" if state == "ok" else "Free some space.")


def _configuration(home: Home, given: Path | None) -> Iterator[Finding]:
    try:
        loaded = _load(home, given)
    except GatewatchError as error:
        yield Finding("broken", "configuration", error.title, error.next_step)
        return
    where = str(loaded.path) if loaded.path else "no file: providers come from the environment"
    yield Finding("ok", "configuration", f"{where} (version {loaded.version})")
    for warning in loaded.warnings:
        yield Finding("missing", "configuration", warning)


def _secrets(home: Home, given: Path | None) -> Iterator[Finding]:
    if not home.control.exists():
        yield Finding("missing", "keys", "no virtual key yet", "gatewatch keys create NAME --team TEAM --create-team")
        return
    store = ControlStore.open(home.control)
    try:
        records = store.keys()
        keys = [key for key in records if key.revoked_at is None]
        if keys:
            yield Finding("ok", "keys", f"{len(keys)} virtual keys, {len(store.teams())} teams")
        else:
            yield Finding("missing", "keys", "no virtual key", "gatewatch keys create NAME --team TEAM --create-team")
        try:
            vault = open_vault(home, store)
        except GatewatchError as error:
            yield Finding("broken", "vault", error.title, error.next_step)
            return
        backend, reason = vault.describe()
        yield Finding("ok", "vault", f"{backend}: {reason}")
        for name, provider in _load(home, given).config.providers.items():
            try:
                resolve(str(provider.api_key or "none"), vault)
            except GatewatchError as error:
                yield Finding("broken", f"provider {name}", error.title, error.next_step)
            else:
                yield Finding("ok", f"provider {name}", f"{provider.base_url}, key from {provider.api_key or 'none'}")
    finally:
        store.close()


def _gateway(home: Home) -> Iterator[Finding]:
    try:
        with ControlClient(home.socket) as control:
            live = control.live()
    except Unreachable:
        yield Finding("missing", "gateway", "no gateway runs on this home", "gatewatch serve, or gatewatch")
        return
    workers = live["workers"]
    yield Finding(
        "ok" if workers else "broken",
        "gateway",
        f"{live['listen']}, version {live['version']}, {len(workers)} workers",
        "" if workers else "The gateway's log says why no worker runs.",
    )
    for alarm in live["alarms"]:
        yield Finding("broken", f"alarm {alarm['id']}", alarm["text"])


def _load(home: Home, given: Path | None) -> Loaded:
    return load(given or (home.config if home.config.exists() else None), os.environ)


def _file_system(path: Path) -> str:
    """The type of the file system that holds `path`; empty where the system does not tell."""
    try:
        mounts = Path("/proc/mounts").read_text().splitlines()
    except OSError:
        return ""
    best = ("", "")
    for mount in mounts:
        _, point, kind, *_ = mount.split(" ")
        if path.is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1]
