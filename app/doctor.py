"""What `gatewatch doctor` looks at. It changes nothing, and each finding that is not ok says how to mend it."""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from app.alarm_findings import of_alarms
from app.finding import Finding
from app.spending_findings import (
    ALERT_ALARM,
    NOBODY_ALARM,
    SINK_ALARM,
    of_alerts,
    of_metrics,
    of_rules,
    of_sinks,
)
from app.target_findings import of_targets
from gatewatch.config.loading import Loaded, load
from gatewatch.config.models import Provider
from gatewatch.control.schema import ControlStoreError
from gatewatch.control.store import ControlStore
from gatewatch.control_client import ControlClient
from gatewatch.errors import GatewatchError, Unreachable
from gatewatch.ledger.ownership import owning
from gatewatch.ledger.reader import RemoteLedger
from gatewatch.limits.shared.address import read_url
from gatewatch.limits.shared.connection import StoreAway
from gatewatch.limits.shared.store import trouble_of
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault
from gatewatch.vault.opening import Wish, kind_of, open_chosen
from gatewatch.vault.references import resolve
from gatewatch.vault.survey import ignored, survey

MAKE_A_KEY = "gatewatch keys create NAME --team TEAM --create-team"
LOW_SPACE = 1024**3
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "ceph", "glusterfs"})
"""Their locks and appends do not keep what the journal promises."""


class Running(NamedTuple):
    """What a gateway that runs says of itself."""

    live: dict[str, Any]
    budgets: list[dict[str, Any]] | None
    """How full they are; None where its ledger does not answer."""


def examine(home: Home, config: Path | None, passphrase_fd: int | None = None) -> list[Finding]:
    """Everything, in the order in which a gateway needs it."""
    wish = Wish(passphrase_fd=passphrase_fd)
    running, configuration = _running(home), list(_configuration(home, config))
    is_sound = all(finding.state != "broken" for finding in configuration)
    return [
        *_python(),
        *_home(home),
        *configuration,
        *(_inside(home, config, wish, running) if is_sound else ()),
        *_gateway(home, running, told=(ALERT_ALARM, NOBODY_ALARM, SINK_ALARM) if is_sound else ()),
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


def _inside(home: Home, given: Path | None, wish: Wish, running: Running | None) -> Iterator[Finding]:
    """What the configuration asks for: keys, secrets, limits, alerts."""
    loaded = _load(home, given)
    config, vault, locked = loaded.config, None, False
    budgets = running.budgets if running else None
    rules = list(of_rules(loaded, None, budgets))
    if home.control.exists():
        try:
            with ControlStore.open(home.control) as store:
                yield _keys(store)
                found, vault = _vault(home, store, wish._replace(options=config.vault_options))
                locked = found.state == "broken"
                yield found
                yield from _other_vaults(home, kind_of(store), wish)
                rules = list(of_rules(loaded, store, budgets))
                rules += of_alerts(config, store, measured=budgets is not None)
        except ControlStoreError as error:
            yield Finding("broken", "keys", error.title, "Is the disk full or read-only? See home and disk.")
            locked = True
    else:
        yield Finding("missing", "keys", "no virtual key yet", MAKE_A_KEY)
    for name, provider in config.providers.items():
        yield from _of_provider(name, provider, vault, locked=locked)
    if config.stores.limits is not None:
        yield _limits_store(config.stores.limits, vault)
    yield from rules
    yield from of_sinks(config, lambda reference: resolve(reference, vault), running.live["alarms"] if running else [])
    yield of_metrics(config)


def _limits_store(url: str, vault: Vault | None) -> Finding:
    """Whether workers could count there now."""
    try:
        address = read_url(resolve(url, vault) or "" if url.startswith(("vault:", "env:", "file:")) else url)
        trouble = asyncio.run(trouble_of(address))
    except GatewatchError as error:
        return Finding("broken", "limits store", error.title, error.next_step)
    except StoreAway as away:
        return Finding("broken", "limits store", str(away), "Start it, or mend stores.limits.")
    if trouble:
        return Finding("broken", "limits store", trouble, "Set maxmemory-policy to noeviction.")
    return Finding("ok", "limits store", f"{address.text} answers")


def _of_provider(name: str, provider: Provider, vault: Vault | None, *, locked: bool) -> Iterator[Finding]:
    for id, reference in provider.references.items():
        named = f"provider {name}" if id == reference else f"provider {name}, key {id}"
        if locked and reference.startswith("vault:"):
            yield Finding("broken", named, "its key is in the vault, which does not open", "See the vault.")
            continue
        try:
            resolve(reference, vault)
        except GatewatchError as error:
            yield Finding("broken", named, error.title, error.next_step)
        else:
            asks = f"gatewatch providers test {name}" + ("" if id == reference else f" --key {id}")
            yield Finding("ok", named, f"{provider.ways[0].base_url}, key from {reference}; {asks} asks it")


def _keys(store: ControlStore) -> Finding:
    records = store.keys()
    keys = [key for key in records if key.revoked_at is None]
    if not keys:
        return Finding("missing", "keys", "no virtual key", MAKE_A_KEY)
    return Finding("ok", "keys", f"{len(keys)} virtual keys, {len(store.teams())} teams")


def _vault(home: Home, store: ControlStore, wish: Wish) -> tuple[Finding, Vault | None]:
    """Opens one that was chosen; to choose is not for the doctor."""
    if not kind_of(store):
        return Finding("missing", "vault", "none was chosen yet", "It is chosen when the first secret needs one."), None
    try:
        vault = open_chosen(home, store, wish)
    except GatewatchError as error:
        return Finding("broken", "vault", error.title, error.next_step), None
    backend, reason = vault.describe()
    return Finding("ok", "vault", f"{backend}: {reason}"), vault


def _other_vaults(home: Home, chosen: str, wish: Wish) -> Iterator[Finding]:
    """Of every kind that this home does not have: whether it would work, and if not, why."""
    for kind, works, told, next_step in survey(home, wish.passphrase_fd):
        if kind.partition(":")[0] == chosen:
            continue
        if works:
            next_step = f"gatewatch providers vault --use {kind.partition(':')[0]}" if chosen else "--vault takes it"
        yield Finding("unused", f"vault {kind}", told, next_step or "Nothing to do, unless you want this one.")
    for remark in ignored():
        yield Finding("unused", "keyring", remark, "Nothing to do.")


def _running(home: Home) -> Running | None:
    try:
        with ControlClient(home.socket) as control:
            live = control.live()
    except Unreachable:
        return None
    try:
        with closing(RemoteLedger(home.socket)) as ledger:
            return Running(live, ledger.ask("budgets").rows)
    except GatewatchError:  # its alarms say why
        return Running(live, None)


def _gateway(home: Home, running: Running | None, *, told: tuple[str, ...]) -> Iterator[Finding]:
    """`told`: how ids of alarms begin that stand among the findings already."""
    if running is None:
        yield _silent(home)
        return
    live = running.live
    workers = live["workers"]
    yield Finding(
        "ok" if workers else "broken",
        "gateway",
        f"{live['listen']}, version {live['version']}, {len(workers)} workers",
        "" if workers else "The gateway's log says why no worker runs.",
    )
    yield from of_targets(live)
    yield from of_alarms(alarm for alarm in live["alarms"] if not alarm["id"].startswith(told))


def _silent(home: Home) -> Finding:
    """Nothing answers: because nothing runs, or because what runs is stuck or looked for in the wrong place."""
    if home.lock.exists():
        try:
            with owning(home):
                pass
        except Unreachable as error:
            next_step = "It may just be starting or stopping. Else see its log, or end it; workers serve on meanwhile."
            return Finding("broken", "gateway", error.title, next_step)
    return Finding("missing", "gateway", "no gateway runs on this home", "gatewatch serve, or gatewatch")


def _load(home: Home, given: Path | None) -> Loaded:
    return load(given or (home.config if home.config.exists() else None), os.environ)


def _file_system(path: Path) -> str:
    """The type of the file system that holds `path`; empty where the system does not tell."""
    path = path.resolve()
    try:
        mounts = Path("/proc/mounts").read_text().splitlines()
    except OSError:
        return ""
    best = ("", "")
    for mount in mounts:
        _, point, kind, *_ = mount.split(" ")
        point = point.replace("\\040", " ")
        if path.is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1]
