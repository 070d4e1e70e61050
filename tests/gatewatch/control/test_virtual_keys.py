"""A key outlives its secrets: what a rotation keeps, how long old secrets are good, and what ends for good."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gatewatch.control.key_table import KeyTable, Known, Refusal
from gatewatch.control.records import KeyRecord
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed, NotFound, UsageError
from gatewatch.keys import token

PEPPER = bytes(range(32))
NOW = 1_790_000_000_000_000
MINUTE = 60_000_000


class Clock:
    """Stands still until it is moved."""

    now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.db"


@pytest.fixture
def store(path: Path, clock: Clock) -> Iterator[ControlStore]:
    with ControlStore.open(path, actor="alice", clock=clock) as opened:
        opened.create_team("search")
        yield opened


def seen_by_workers(path: Path, clock: Clock, *secrets: str) -> list[str]:
    """What a worker that starts now makes of each secret: `v1`, `v2`… or the reason of its refusal."""
    table = KeyTable(path, PEPPER, clock=clock)
    try:
        found = [table.lookup(secret) for secret in secrets]
    finally:
        table.close()
    return [each.reason if isinstance(each, Refusal) else f"v{each.version}" for each in found]


def rotate(store: ControlStore, key: KeyRecord, grace: int, rotation_id: str | None = None) -> str:
    secret = store.rotate_key(key.id, pepper=PEPPER, grace_us=grace, rotation_id=rotation_id).secret
    assert secret is not None
    return secret


def test_a_rotation_keeps_everything_but_the_secret(store: ControlStore, path: Path, clock: Clock) -> None:
    key, old = store.create_key(
        "app", team="search", project="ranker", service="indexer", models=("gpt-4o",), networks=("10.0.0.0/8",),
        max_uses=5, max_tokens=1000, max_picos=10**12, expires_at=NOW + 100 * MINUTE, pepper=PEPPER,
    )  # fmt: skip
    store.connection.execute("INSERT INTO key_allowances VALUES (?, 3, 500, 7, 0, 0)", (key.id,))
    store.record_use({key.id: NOW})
    before = store.key(key.id)
    clock.now += MINUTE
    rotated = store.rotate_key("app", pepper=PEPPER, grace_us=10 * MINUTE)
    assert store.key(key.id) == rotated.key == before
    assert store.connection.execute("SELECT * FROM key_allowances").fetchall() == [(key.id, 3, 500, 7, 0, 0)]
    assert rotated.secret is not None
    assert rotated.secret != old
    assert token.parse(rotated.secret) == rotated.current.kid != key.id
    assert store.key(rotated.secret) == store.key(old) == before
    table = KeyTable(path, PEPPER, clock=clock)
    assert table.lookup(old) == Known(before, key.id, 1)
    assert table.lookup(rotated.secret) == Known(before, rotated.current.kid, 2)
    table.close()


def test_an_old_secret_is_good_to_the_microsecond_of_its_grace(store: ControlStore, path: Path, clock: Clock) -> None:
    key, old = store.create_key("app", team="search", pepper=PEPPER)
    new = rotate(store, key, 10 * MINUTE)
    clock.now = NOW + 10 * MINUTE - 1
    assert seen_by_workers(path, clock, old, new) == ["v1", "v2"]
    clock.now += 1
    assert seen_by_workers(path, clock, old, new) == ["replaced", "v2"]


def test_without_grace_only_the_newest_secret_is_good(store: ControlStore, path: Path, clock: Clock) -> None:
    key, first = store.create_key("app", team="search", pepper=PEPPER)
    second = rotate(store, key, 60 * MINUTE)
    third = rotate(store, key, 0)
    assert seen_by_workers(path, clock, first, second, third) == ["secret_revoked", "secret_revoked", "v3"]


def test_without_grace_and_at_an_end_of_grace_secrets_whose_time_was_over_lose_their_calls_too(
    store: ControlStore, path: Path, clock: Clock
) -> None:
    key, first = store.create_key("app", team="search", pepper=PEPPER)
    other, others_first = store.create_key("other", team="search", pepper=PEPPER)
    rotate(store, key, MINUTE)
    rotate(store, other, MINUTE)
    clock.now += 2 * MINUTE
    assert seen_by_workers(path, clock, first, others_first) == ["replaced", "replaced"]
    rotate(store, key, 0)
    assert [ended.version for ended in store.end_old_secrets(other.id)] == [1]
    table = KeyTable(path, PEPPER, clock=clock)
    assert [table.cut_off(kid) for kid in (key.id, other.id)] == [
        Refusal("secret_revoked", key.id), Refusal("secret_revoked", other.id),
    ]  # fmt: skip
    table.close()
    assert store.end_old_secrets(key.id) == store.end_old_secrets(other.id) == []


def test_a_later_rotation_neither_lengthens_nor_shortens_a_grace(store: ControlStore, path: Path, clock: Clock) -> None:
    key, first = store.create_key("app", team="search", pepper=PEPPER)
    second = rotate(store, key, 10 * MINUTE)
    clock.now += 5 * MINUTE
    third = rotate(store, key, 60 * MINUTE)
    fourth = rotate(store, key, MINUTE)
    assert [each.valid_until for each in store.secrets(key.id)] == [
        NOW + 10 * MINUTE, NOW + 65 * MINUTE, NOW + 6 * MINUTE, None,
    ]  # fmt: skip
    clock.now = NOW + 10 * MINUTE
    assert seen_by_workers(path, clock, first, second, third, fourth) == ["replaced", "v2", "replaced", "v4"]


@pytest.mark.parametrize("grace", [-1, 2**63, 400 * 24 * 60 * MINUTE])
def test_a_grace_that_is_none_changes_nothing(store: ControlStore, grace: int) -> None:
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    with pytest.raises(UsageError, match="grace"):
        store.rotate_key(key.id, pepper=PEPPER, grace_us=grace)
    assert len(store.secrets(key.id)) == 1


def test_the_grace_of_old_secrets_can_be_ended_at_once(store: ControlStore, path: Path, clock: Clock) -> None:
    key, first = store.create_key("app", team="search", pepper=PEPPER)
    second = rotate(store, key, 10 * MINUTE)
    (ended,) = store.end_old_secrets(second)
    assert ended.version == 1
    assert seen_by_workers(path, clock, first, second) == ["secret_revoked", "v2"]
    assert store.end_old_secrets(key.id) == []


def test_a_rotation_id_rotates_once(store: ControlStore, path: Path, clock: Clock) -> None:
    key, first = store.create_key("app", team="search", pepper=PEPPER)
    second = rotate(store, key, 10 * MINUTE, "deploy-7")
    clock.now += MINUTE
    generation, entries = store.generation(), len(store.audit_entries())
    again = store.rotate_key("app", pepper=PEPPER, grace_us=0, rotation_id="deploy-7")
    assert (again.secret, again.current.kid) == (None, token.parse(second))
    assert (store.generation(), len(store.audit_entries())) == (generation, entries)
    assert seen_by_workers(path, clock, first, second) == ["v1", "v2"]
    other, _ = store.create_key("other", team="search", pepper=PEPPER)
    assert rotate(store, other, 0, "deploy-7"), "an id says nothing about another key"
    rotate(store, key, 0, "deploy-8")
    assert len(store.secrets(key.id)) == 3


RACER = """
import pathlib, sys
from gatewatch.control.store import ControlStore
with ControlStore.open(pathlib.Path(sys.argv[1]), actor="racer") as store:
    print("ready", flush=True)
    sys.stdin.readline()
    rotated = store.rotate_key("app", pepper=bytes(range(32)), grace_us=60_000_000, rotation_id=sys.argv[2] or None)
    print(rotated.secret, rotated.current.kid, flush=True)
"""


def raced(path: Path, rotation_id: str) -> list[tuple[str, str]]:
    """Secret (`None` for those who came later) and kid, as each of the processes that rotated at once has them."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(path), rotation_id],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    for racer in racers:
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    answers = [racer.communicate(timeout=60)[0].split() for racer in racers]
    return [(secret, kid) for secret, kid in answers]


def test_processes_that_race_with_one_rotation_id_make_one_secret(store: ControlStore, path: Path) -> None:
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    answers = raced(path, "deploy-7")
    assert sorted(secret == "None" for secret, _ in answers) == [False, True, True, True]
    assert len({kid for _, kid in answers}) == 1
    assert [each.version for each in store.secrets(key.id)] == [1, 2]


def test_processes_that_race_without_an_id_leave_one_secret_without_an_end(store: ControlStore, path: Path) -> None:
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    answers = raced(path, "")
    assert len({secret for secret, _ in answers} - {"None"}) == 4
    secrets = store.secrets(key.id)
    assert [each.version for each in secrets] == [1, 2, 3, 4, 5]
    assert [each.valid_until is None for each in secrets] == [False] * 4 + [True]


def test_a_key_that_has_ended_is_neither_rotated_nor_edited_nor_brought_back(
    store: ControlStore, path: Path, clock: Clock
) -> None:
    expiring, first = store.create_key("a", team="search", expires_at=NOW + MINUTE, pepper=PEPPER)
    revoked, second = store.create_key("b", team="search", pepper=PEPPER)
    in_grace = rotate(store, revoked, 10 * MINUTE)
    store.revoke_key(second)
    clock.now += MINUTE
    entries = len(store.audit_entries())
    for key, state in ((expiring, "expired"), (revoked, "revoked")):
        with pytest.raises(NotAllowed, match=state):
            store.rotate_key(key.id, pepper=PEPPER, grace_us=0)
        with pytest.raises(NotAllowed, match=state):
            store.edit_key(key.id, {"expires_at": clock.now + MINUTE})
    assert len(store.audit_entries()) == entries
    assert seen_by_workers(path, clock, first, second, in_grace) == ["expired", "revoked", "revoked"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE virtual_keys SET revoked_at = NULL",
        "UPDATE virtual_keys SET revoked_at = revoked_at + 1",
        "UPDATE virtual_keys SET kind = 'admin', role = 'super-admin'",
        "UPDATE virtual_keys SET team = 'billing'",
        "UPDATE virtual_keys SET environment = 'test'",
        "UPDATE key_secrets SET valid_until = NULL WHERE version = 1",
        "UPDATE key_secrets SET valid_until = valid_until + 1",
        "INSERT INTO key_secrets (kid, key_id, version, digest, created_at, created_by)"
        " SELECT 'kid00009', id, 9, zeroblob(32), 1, 'me' FROM virtual_keys",
    ],
)
def test_the_store_itself_refuses_what_would_bring_a_key_back(store: ControlStore, statement: str) -> None:
    store.create_team("billing")
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    rotate(store, key, MINUTE)
    store.revoke_key(key.id)
    before = list(store.connection.iterdump())
    with pytest.raises(store.connection.IntegrityError):
        store.connection.execute(statement)
    assert list(store.connection.iterdump()) == before


def test_a_use_of_either_secret_is_a_use_of_the_key(store: ControlStore) -> None:
    key, _ = store.create_key("app", team="search", pepper=PEPPER)
    new = token.parse(rotate(store, key, MINUTE))
    assert new is not None
    store.record_use({key.id: NOW + 5})
    store.record_use({new: NOW + 3})
    assert [each.last_used_at for each in store.secrets(key.id)] == [NOW + 5, NOW + 3]
    assert store.key(key.id).last_used_at == NOW + 5


def test_a_key_of_another_team_is_not_found_by_any_name(store: ControlStore) -> None:
    key, secret = store.create_key("app", team="billing", create_team=True, pepper=PEPPER)
    mine, _ = store.create_key("app", team="search", pepper=PEPPER)

    def search(each: KeyRecord) -> bool:
        return each.team == "search"

    assert store.key("app", reach=search) == mine
    for reference in (key.id, key.id[:5], secret):
        assert store.key(reference, reach=lambda each: not search(each)) == key
        with pytest.raises(NotFound):
            store.key(reference, reach=search)


def test_of_several_keys_with_one_name_the_active_one_is_meant(store: ControlStore, clock: Clock) -> None:
    gone, _ = store.create_key("app", team="search", pepper=PEPPER)
    store.revoke_key(gone.id)
    store.create_key("app", team="search", expires_at=NOW + 1, pepper=PEPPER)
    clock.now += 1
    with pytest.raises(UsageError, match="2 keys fit"):
        store.key("app")
    active, _ = store.create_key("app", team="search", pepper=PEPPER)
    assert store.key("app") == active
    assert store.revoke_key("app").id == active.id
    one, _ = store.create_key("app", team="search", pepper=PEPPER)
    other, _ = store.create_key("app", team="search", pepper=PEPPER)
    with pytest.raises(UsageError, match="2 keys fit") as several:
        store.key("app")
    assert one.id in several.value.title
    assert other.id in several.value.title
    assert gone.id not in several.value.title


@pytest.mark.parametrize("reference", ["\udcff", "app\x00", "%", "_" * 8, "ключ", "' OR 1=1 --", "x" * 10**6])
def test_a_reference_that_no_key_can_have_is_not_found(store: ControlStore, reference: str) -> None:
    store.create_key("app", team="search", pepper=PEPPER)
    with pytest.raises(NotFound):
        store.key(reference)


@pytest.mark.parametrize("field", ["name", "team", "project", "user", "service"])
@pytest.mark.parametrize("name", ["", " a", "a\n", "a\x1b[2J", "=1+1", "a/b", "ключ", "a" * 65, "\u202ea", "a  b"])
def test_a_name_that_could_harm_a_screen_or_a_file_is_refused(store: ControlStore, field: str, name: str) -> None:
    fields = {"name": "app", "team": "search", field: name}
    with pytest.raises(UsageError, match="cannot name"):
        store.create_key(fields.pop("name"), pepper=PEPPER, **fields)  # type: ignore[arg-type]
    assert store.keys() == []


@pytest.mark.parametrize("cap", ["max_uses", "max_tokens", "max_picos"])
def test_a_cap_is_more_than_nothing_and_no_more_than_can_be_counted(store: ControlStore, cap: str) -> None:
    for wrong in (0, -1, 2**62 + 1, 2**63, 10**30):
        with pytest.raises(UsageError, match="cap"):
            store.create_key("app", team="search", pepper=PEPPER, **{cap: wrong})  # type: ignore[arg-type]
    key, _ = store.create_key("app", team="search", pepper=PEPPER, **{cap: 2**62})  # type: ignore[arg-type]
    assert getattr(store.key(key.id), cap) == 2**62


def test_an_admin_key_is_its_own_teams_and_no_super_admins_unless_told_otherwise(store: ControlStore) -> None:
    whole, _ = store.create_key("a", team="search", kind="admin", role="super-admin", pepper=PEPPER)
    less, _ = store.create_key("b", team="search", kind="admin", pepper=PEPPER)
    assert [(key.role, key.all_teams) for key in (whole, less)] == [("super-admin", True), ("admin", False)]
    for wrong in ({"role": "admin"}, {"all_teams": True}, {"kind": "admin", "role": "none"}):
        with pytest.raises(UsageError):
            store.create_key("c", team="search", pepper=PEPPER, **wrong)  # type: ignore[arg-type]


def test_the_trail_tells_of_each_rotation_and_never_a_secret(store: ControlStore) -> None:
    key, first = store.create_key("app", team="search", pepper=PEPPER)
    second = rotate(store, key, MINUTE, "deploy-7")
    store.end_old_secrets(key.id)
    ended, rotated = store.audit_entries(2)
    assert (rotated.action, rotated.target, rotated.before) == ("key.rotate", key.id, {"version": 1, "kid": key.id})
    assert rotated.after == {
        "version": 2, "kid": token.parse(second), "old_valid_until": NOW + MINUTE, "rotation_id": "deploy-7",
    }  # fmt: skip
    assert (ended.action, ended.after) == ("key.end_grace", {"kids": [key.id]})
    told = msgspec.json.encode(store.audit_entries())
    assert first[20:63].encode() not in told
    assert second[20:63].encode() not in told
