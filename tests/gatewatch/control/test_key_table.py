"""The keys as a worker sees them: who is refused and why, and how soon a revocation is felt."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path

import pytest

from gatewatch.control.key_table import REFRESH_SECONDS, KeyTable, Known, Refusal
from gatewatch.control.store import ControlStore
from gatewatch.keys import token

PEPPER = bytes(range(32))
NOW = 1_790_000_000_000_000

Watch = Callable[..., KeyTable]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db", actor="test", clock=lambda: NOW) as opened:
        opened.create_team("search")
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.db"


@pytest.fixture
def watch(path: Path) -> Iterator[Watch]:
    """Makes key tables that are closed after the test."""
    with ExitStack() as afterwards:
        yield lambda pepper=PEPPER, **options: afterwards.enter_context(closing(KeyTable(path, pepper, **options)))


def test_a_good_key_is_answered_with_its_record(store: ControlStore, watch: Watch) -> None:
    record, secret = store.create_key("app", team="search", models=("gpt-4o",), pepper=PEPPER)
    assert watch(PEPPER).lookup(secret) == Known(record, record.id, 1)


def test_where_a_keys_calls_may_go_is_known_as_soon_as_it_changes(store: ControlStore, watch: Watch) -> None:
    record, secret = store.create_key("app", team="search", region="eu", pepper=PEPPER)
    table = watch(PEPPER)
    for at, changes in enumerate(({"region": "us"}, {"data_class": "restricted"}, {"region": None})):
        changed = store.edit_key(record.id, changes)
        table.refresh(1e9 + at)
        assert table.lookup(secret) == Known(changed, record.id, 1)
    rotated = store.rotate_key(record.id, pepper=PEPPER, grace_us=0)
    assert rotated.key.data_class == "restricted", "a rotation keeps it"


def test_each_refusal_has_its_reason_for_the_log(store: ControlStore, watch: Watch) -> None:
    expiring, expired_secret = store.create_key("a", team="search", expires_at=NOW + 10, pepper=PEPPER)
    revoked, revoked_secret = store.create_key("b", team="search", pepper=PEPPER)
    good, good_secret = store.create_key("c", team="search", pepper=PEPPER)
    store.revoke_key("b")
    table = watch(PEPPER, clock=lambda: NOW + 10)
    stranger = token.mint("client", "live")
    assert table.lookup(expired_secret) == Refusal("expired", expiring.id)
    assert table.lookup(revoked_secret) == Refusal("revoked", revoked.id)
    assert table.lookup(stranger) == Refusal("unknown", token.parse(stranger))
    assert table.lookup("sk-something") == Refusal("malformed")
    forged = forge(good_secret)
    assert token.parse(forged) == good.id
    assert table.lookup(forged) == Refusal("wrong_secret", good.id)
    assert watch(bytes(32)).lookup(good_secret) == Refusal("wrong_secret", good.id)


def forge(secret: str) -> str:
    """Another well-formed key with the same kid."""
    while True:
        body = secret[:20] + token.mint("client", "live")[20:63]
        if body != secret[:63]:
            return body + token._checksum(body)


def test_a_key_of_one_kind_or_environment_is_not_good_as_another(store: ControlStore, watch: Watch) -> None:
    _, secret = store.create_key("app", team="search", pepper=PEPPER)
    table = watch(PEPPER)
    for prefix in ("gwk_ak_live_", "gwk_sk_test_"):
        body = prefix + secret[12:63]
        refusal = table.lookup(body + token._checksum(body))
        assert isinstance(refusal, Refusal)
        assert refusal.reason == "wrong_secret"


@pytest.mark.parametrize("text", ["", "x" * 1_000_000, "' OR '1'='1", "ключ" * 17, "\udcff" * 69, "\x00" * 69])
def test_hostile_text_is_refused_without_an_exception(store: ControlStore, watch: Watch, text: str) -> None:
    assert watch(PEPPER).lookup(text) == Refusal("malformed")


def test_a_key_expires_at_its_microsecond_without_a_look_at_the_store(store: ControlStore, watch: Watch) -> None:
    record, secret = store.create_key("app", team="search", expires_at=NOW + 10, pepper=PEPPER)
    now = [NOW + 9]
    table = watch(PEPPER, clock=lambda: now[0])
    assert table.lookup(secret) == Known(record, record.id, 1)
    now[0] += 1
    assert table.lookup(secret) == Refusal("expired", record.id)


def test_calls_go_on_past_an_expiry_until_somebody_ends_their_key_or_their_secret(
    store: ControlStore, watch: Watch
) -> None:
    key, _ = store.create_key("app", team="search", expires_at=NOW + 10, pepper=PEPPER)
    other, _ = store.create_key("other", team="search", expires_at=NOW + 10, pepper=PEPPER)
    store.rotate_key(key.id, pepper=PEPPER, grace_us=1_000)
    table = watch(PEPPER, clock=lambda: NOW + 10)
    assert (table.cut_off(key.id), table.cut_off(other.id)) == (None, None)
    store.end_old_secrets(key.id)
    store.revoke_key(other.id)
    table.refresh(0.0)
    assert table.cut_off(key.id) == Refusal("secret_revoked", key.id)
    assert table.cut_off(other.id) == Refusal("revoked", other.id)


def test_the_store_is_looked_at_once_in_a_tenth_of_a_second(store: ControlStore, watch: Watch) -> None:
    record, secret = store.create_key("app", team="search", pepper=PEPPER)
    table = watch(PEPPER)
    table.refresh_if_stale(100.0)
    store.revoke_key("app")
    table.refresh_if_stale(100.0 + REFRESH_SECONDS - 0.001)
    assert isinstance(table.lookup(secret), Known)
    table.refresh_if_stale(100.0 + REFRESH_SECONDS + 0.001)
    assert table.lookup(secret) == Refusal("revoked", record.id)


def test_new_keys_appear_and_a_last_use_does_not_make_the_table_read_again(store: ControlStore, watch: Watch) -> None:
    first, _ = store.create_key("app", team="search", pepper=PEPPER)
    table = watch(PEPPER)
    generation = table.generation
    store.record_use({first.id: NOW})
    table.refresh_if_stale(1.0)
    assert table.generation == generation
    _, secret = store.create_key("other", team="search", pepper=PEPPER)
    table.refresh_if_stale(2.0)
    assert isinstance(table.lookup(secret), Known)
    assert len(table) == 2


def test_a_change_of_one_key_leaves_the_others_in_the_table_as_they_are(store: ControlStore, watch: Watch) -> None:
    _, quiet_secret = store.create_key("quiet", team="search", pepper=PEPPER)
    changing, old = store.create_key("changing", team="search", pepper=PEPPER)
    table = watch(clock=lambda: NOW)
    before = table.lookup(quiet_secret)
    new = store.rotate_key("changing", pepper=PEPPER, grace_us=1000).secret
    assert new is not None
    table.refresh_if_stale(1.0)
    assert [each.version for each in (table.lookup(old), table.lookup(new)) if isinstance(each, Known)] == [1, 2]
    edited = store.edit_key("changing", {"models": ("gpt-4o",)})
    table.refresh_if_stale(2.0)
    assert [each.key for each in (table.lookup(old), table.lookup(new)) if isinstance(each, Known)] == [edited, edited]
    store.end_old_secrets("changing")
    table.refresh_if_stale(3.0)
    assert table.lookup(old) == table.cut_off(changing.id) == Refusal("secret_revoked", changing.id)
    assert isinstance(table.lookup(new), Known)
    store.revoke_key("changing")
    table.refresh_if_stale(4.0)
    assert isinstance(table.lookup(new), Refusal)
    assert table.lookup(quiet_secret) is before, "it was not read again"


def test_a_key_that_somebody_took_out_of_the_store_is_unknown(store: ControlStore, watch: Watch) -> None:
    gone, gone_secret = store.create_key("gone", team="search", pepper=PEPPER)
    _, secret = store.create_key("stays", team="search", pepper=PEPPER)
    table = watch()
    store.connection.execute("DELETE FROM key_secrets WHERE key_id = ?", (gone.id,))
    store.connection.execute("DELETE FROM virtual_keys WHERE id = ?", (gone.id,))
    table.refresh_if_stale(1.0)
    assert table.lookup(gone_secret) == table.cut_off(gone.id) == Refusal("unknown", gone.id)
    assert isinstance(table.lookup(secret), Known)


def test_a_backup_written_over_the_store_is_read_as_a_whole(store: ControlStore, watch: Watch, tmp_path: Path) -> None:
    _, before_secret = store.create_key("before", team="search", pepper=PEPPER)
    backup = sqlite3.connect(tmp_path / "backup.db")
    store.connection.backup(backup)
    _, after_secret = store.create_key("after", team="search", pepper=PEPPER)
    table = watch()
    backup.backup(store.connection)
    backup.close()
    table.refresh_if_stale(1.0)
    assert isinstance(table.lookup(before_secret), Known)
    assert isinstance(table.lookup(after_secret), Refusal)


REVOKE = """
import pathlib, sys
from gatewatch.control.store import ControlStore
with ControlStore.open(pathlib.Path(sys.argv[1])) as store:
    store.revoke_key("app")
"""

WORKER = """
import pathlib, sys, time
from gatewatch.control.key_table import KeyTable, Refusal
table = KeyTable(pathlib.Path(sys.argv[1]), bytes(range(32)))
secret = sys.stdin.readline().strip()
assert not isinstance(table.lookup(secret), Refusal)
print("served", flush=True)
while True:
    table.refresh_if_stale(time.monotonic())
    answer = table.lookup(secret)
    if isinstance(answer, Refusal):
        print(answer.reason, flush=True)
        break
    time.sleep(0.001)
forbidden = {"duckdb", "textual", "polars", "pydantic", "httpx", "cryptography", "keyring"} & set(sys.modules)
assert not forbidden, forbidden
"""


def test_running_workers_refuse_a_key_that_another_process_revoked(store: ControlStore, path: Path) -> None:
    _, secret = store.create_key("app", team="search", pepper=PEPPER)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for worker in workers:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(secret + "\n")
        worker.stdin.flush()
        assert worker.stdout.readline() == "served\n"
    subprocess.run([sys.executable, "-c", REVOKE, str(path)], check=True)
    for worker in workers:
        assert worker.communicate(timeout=30)[0] == "revoked\n"
        assert worker.returncode == 0


def test_a_locked_store_keeps_the_table_and_says_since_when(store: ControlStore, path: Path, watch: Watch) -> None:
    record, secret = store.create_key("app", team="search", pepper=PEPPER)
    table = watch(PEPPER)
    table.close()
    store.close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    table.refresh_if_stale(10.0)
    assert table.stale_since == 10.0
    table.refresh_if_stale(11.0)
    assert table.stale_since == 10.0
    assert table.lookup(secret) == Known(record, record.id, 1)
    holder.execute("UPDATE virtual_keys SET revoked_at = 1")
    holder.execute("COMMIT")
    holder.close()
    table.refresh_if_stale(12.0)
    assert table.stale_since is None
    assert table.lookup(secret) == Refusal("revoked", record.id)


def test_a_store_that_could_not_be_read_for_a_moment_is_not_read_as_a_whole_again(
    store: ControlStore, path: Path, watch: Watch
) -> None:
    _, quiet = store.create_key("quiet", team="search", pepper=PEPPER)
    changed, secret = store.create_key("changed", team="search", pepper=PEPPER)
    table = watch()
    before = table.lookup(quiet)
    path.chmod(0)
    table.close()
    if os.access(path, os.R_OK):  # root reads everything
        holder = sqlite3.connect(path, isolation_level=None)
        store.close()
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        table.refresh_if_stale(10.0)
        holder.close()
    else:
        table.refresh_if_stale(10.0)
    path.chmod(0o600)
    assert table.stale_since == 10.0
    with ControlStore.open(path) as again:
        again.revoke_key(changed.id)
    table.refresh_if_stale(11.0)
    assert table.lookup(secret) == Refusal("revoked", changed.id)
    assert table.lookup(quiet) is before, "it was not read again"


def test_a_store_that_fails_is_asked_ever_more_rarely_and_twice_a_second_at_least(
    store: ControlStore, path: Path, watch: Watch
) -> None:
    _, secret = store.create_key("app", team="search", pepper=PEPPER)
    table = watch()
    away = path.with_name("away.db")
    now, looks = 100.0, []
    path.rename(away)
    while now < 103.0:
        table.refresh(now)
        if table._looked_at == now:
            looks.append(now)
        now += 0.05
    waits = [later - earlier for earlier, later in pairwise(looks)]
    assert waits == sorted(waits)
    assert waits[0] < 0.2
    assert 0.45 < waits[-1] < 0.56
    away.rename(path)
    store.revoke_key("app")
    table.refresh(now + 0.5)
    assert table.stale_since is None
    assert isinstance(table.lookup(secret), Refusal)
    table.refresh(now + 0.5)
    assert table._looked_at == now + 0.5


@pytest.mark.parametrize("harm", ["gone", "garbage", "empty"])
def test_a_store_that_is_harmed_keeps_the_table_until_it_is_back(
    store: ControlStore, path: Path, watch: Watch, tmp_path: Path, harm: str
) -> None:
    record, secret = store.create_key("app", team="search", pepper=PEPPER)
    table = watch(PEPPER)
    copy = tmp_path / "copy.db"
    with sqlite3.connect(copy) as target:
        store.connection.backup(target)
        target.execute("UPDATE virtual_keys SET revoked_at = 1")
    target.close()
    for name in ("control.db", "control.db-wal", "control.db-shm"):
        (tmp_path / name).rename(tmp_path / f"harmed-{name}")
    if harm != "gone":
        path.write_bytes(b"garbage " * 1000 if harm == "garbage" else b"")
    table.refresh_if_stale(10.0)
    assert table.stale_since == 10.0
    assert table.lookup(secret) == Known(record, record.id, 1)
    path.unlink(missing_ok=True)
    shutil.copy(copy, path)
    table.refresh_if_stale(11.0)
    assert table.stale_since is None
    assert table.lookup(secret) == Refusal("revoked", record.id)


def test_a_worker_without_a_store_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        KeyTable(tmp_path / "control.db", PEPPER)


def test_the_store_cannot_be_written_through_the_table(store: ControlStore, watch: Watch) -> None:
    connection = watch(PEPPER)._connection
    assert connection is not None
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("UPDATE generation SET n = 7")
