"""CVE-2026-47101: a key that mints itself more than it has. Here no field, and no chain of keys, ever yields more.

What "more" means is said by examples of use: whatever a made key would let through, its maker would have let through.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewatch.actions.acting import Acting
from gatewatch.actions.keys import CreateKey, EditKey
from gatewatch.actions.keys.create import fields_of
from gatewatch.actions.keys.edit import edit
from gatewatch.actions.within_own import check_within_own, within_own
from gatewatch.authority.actor import Actor
from gatewatch.authority.permissions import PERMISSIONS, Permission
from gatewatch.control.records import KeyRecord
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed, NotFound, UsageError
from gatewatch.paths import Home
from tests.kit.acting import Stage

LATER = 4_000_000_000_000_000
"""In the year 2096."""
TEAMS, PROJECTS = ("search", "chat"), (None, "ranker", "indexer")
MODELS = ("gpt", "claude", "llama")
NETWORKS = ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0", "::/0")
ADDRESSES = [ip_address(each) for each in ("10.1.2.3", "10.1.9.9", "10.200.0.1", "192.0.2.9", "8.8.8.8", "2001:db8::1")]
CAPS = (None, 1, 5, 100)
CLASSES = ("public", "internal", "confidential", "restricted")
REGIONS = ("eu-west-1", "swedencentral", "us-east-1", "nowhere")
INSIDE = {"eu": ("eu-west-1", "swedencentral"), "us": ("us-east-1",), "swedencentral": ("swedencentral",)}
ENDS = (None, LATER, LATER + 1, LATER * 2)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlStore]:
    with ControlStore.open(Home(tmp_path_factory.mktemp("own") / "home").make().control, actor="root") as opened:
        for team in TEAMS:
            opened.create_team(team)
        yield opened


@contextmanager
def acting_as(store: ControlStore, key: KeyRecord | None) -> Iterator[Acting]:
    """Somebody at work who came with that key; a super-admin of this machine without one."""
    before = store.actor
    if key is not None:
        assert key.role
        team = None if key.all_teams else key.team
        store.become(Actor(id=f"key:{key.id}", role=key.role, team=team, key_id=key.id))
    try:
        yield Acting(
            Home(Path("/nowhere")),
            store,
            open_vault=lambda: pytest.fail("no vault is needed"),
            open_ledger=lambda: pytest.fail("no ledger is needed"),
            declared_teams=tuple,
        )
    finally:
        store.become(before)


def make(store: ControlStore, maker: KeyRecord | None, **fields: Any) -> KeyRecord:
    """As `keys.create` does it, without the vault. Raises NotAllowed, UsageError."""
    with acting_as(store, maker) as acting:
        acting.require(Permission.KEYS_CREATE)
        asked = within_own(acting, CreateKey(**{"name": "k", "team": "search"} | fields))
        return store.create_key(**fields_of(asked), pepper=bytes(32))[0]


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...] | None]:
    return st.none() | st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(tuple)


KEYS = st.fixed_dictionaries(
    {
        "team": st.sampled_from(TEAMS),
        "project": st.sampled_from(PROJECTS),
        "environment": st.sampled_from(("live", "test")),
        "all_teams": st.sampled_from((None, True, False)),
        "models": some(MODELS),
        "routes": some(MODELS),
        "dialects": some(("openai-chat", "anthropic-messages", "openai-responses")),
        "networks": some(NETWORKS),
        "region": st.sampled_from((None, None, "eu", "us", "swedencentral")),
        "data_class": st.sampled_from((None, *CLASSES)),
        "max_uses": st.sampled_from(CAPS),
        "max_tokens": st.sampled_from(CAPS),
        "max_picos": st.sampled_from(CAPS),
        "expires_at": st.sampled_from(ENDS),
        "user": st.sampled_from((None, None, "ada", "bob")),
    }
)
OF_CALLS = ("models", "routes", "dialects", "max_uses", "max_tokens", "max_picos")
ADMINS = st.tuples(KEYS, st.sampled_from((None, "user", "admin", "super-admin"))).map(
    lambda made: (
        made[0]
        | {"kind": "admin", "role": made[1]}
        | dict.fromkeys(OF_CALLS)
        | ({"project": None} if made[0]["all_teams"] else {})
    )
)
CLIENTS = KEYS.map(lambda made: made | {"kind": "client", "all_teams": None})


def rights(key: KeyRecord) -> set[object]:
    """Everything that a key lets through, as single things."""
    found: set[object] = {("permission", each) for each in PERMISSIONS[key.role]} if key.role else set()
    for team, project in product(TEAMS, PROJECTS):
        if key.all_teams or (team == key.team and (key.project is None or project == key.project)):
            found.add(("place", team, project))
    for name in ("models", "routes", "dialects"):
        allowed = getattr(key, name)
        every = (*MODELS, "openai-chat", "anthropic-messages", "openai-responses", "any other")
        found |= {(name, each) for each in every if allowed is None or each in allowed}
    listed = key.networks
    found |= {("from", each) for each in ADDRESSES if listed is None or any(each in ip_network(net) for net in listed)}
    found |= {("in", each) for each in REGIONS if key.region is None or each in INSIDE[key.region]}
    least = CLASSES.index(key.data_class) if key.data_class else -1
    found |= {("seen by one that may see", each) for each in range(-1, len(CLASSES)) if each >= least}
    for name in ("max_uses", "max_tokens", "max_picos"):
        cap = getattr(key, name)
        found |= {(name, each) for each in (1, 2, 5, 6, 100, 101) if cap is None or each <= cap}
    found |= {
        ("at", each) for each in (1, LATER, LATER + 1, 2 * LATER) if key.expires_at is None or each <= key.expires_at
    }
    found |= {("as", each) for each in ("ada", "bob", "nobody") if key.user is None or each == key.user}
    found |= {("environment", each) for each in (("live", "test") if key.environment == "live" else ("test",))}
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(root=ADMINS, chain=st.lists(ADMINS | CLIENTS, min_size=1, max_size=6))
def test_no_chain_of_keys_yields_more_than_its_first_had(
    store: ControlStore, root: dict[str, Any], chain: list[dict[str, Any]]
) -> None:
    first = maker = make(store, None, **root)
    for asked in chain:
        try:
            made = make(store, maker, **asked)
        except (NotAllowed, UsageError):
            continue
        assert rights(made) <= rights(maker), rights(made) - rights(maker)
        assert rights(made) <= rights(first)
        if made.kind == "admin":
            maker = made


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "project": st.sampled_from(PROJECTS),
        "models": some(MODELS),
        "routes": some(MODELS),
        "networks": some(NETWORKS),
        "region": st.sampled_from((None, "eu", "us")),
        "data_class": st.sampled_from((None, *CLASSES)),
        "max_uses": st.sampled_from(CAPS),
        "expires_at": st.sampled_from(ENDS),
        "user": st.sampled_from((None, "ada", "bob")),
    },
).filter(bool)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(root=ADMINS, other=KEYS, changes=CHANGES)
def test_no_edit_makes_a_key_more_than_its_editor(
    store: ControlStore, root: dict[str, Any], other: dict[str, Any], changes: dict[str, Any]
) -> None:
    editor = make(store, None, **root | {"role": "super-admin"})
    key = make(store, None, **other | {"kind": "client", "all_teams": None})
    with acting_as(store, editor) as acting:
        try:
            edit.run(acting, EditKey(key=key.id, **changes))
        except (NotAllowed, NotFound, UsageError):
            return
    edited = store.key(key.id)
    assert rights(edited) <= rights(editor)


LIMITED = {
    "project": "ranker",
    "networks": ("10.0.0.0/8",),
    "region": "eu",
    "data_class": "confidential",
    "expires_at": LATER,
    "user": "ada",
    "environment": "test",
}


@pytest.fixture(scope="module")
def limited(store: ControlStore) -> KeyRecord:
    """A key with a limit in every field that an admin key may have one in."""
    return make(store, None, kind="admin", role="admin", all_teams=False, **LIMITED)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("team", "chat"),
        ("project", "indexer"),
        ("environment", "live"),
        ("all_teams", True),
        ("networks", ("10.0.0.0/7",)),
        ("networks", ("10.1.0.0/16", "192.0.2.0/24")),
        ("networks", ("::/0",)),
        ("networks", ("::ffff:10.0.0.0/104",)),
        ("region", "us"),
        ("region", "europe"),
        ("data_class", "internal"),
        ("data_class", "public"),
        ("data_class", "none at all"),
        ("expires_at", LATER + 1),
        ("user", "bob"),
        ("service", "ci"),
        ("role", "super-admin"),
    ],
)
def test_more_is_refused_and_the_field_named(store: ControlStore, limited: KeyRecord, field: str, more: object) -> None:
    asked: dict[str, Any] = {"environment": "test", "kind": "admin", "role": "admin"} | {field: more}
    with pytest.raises(NotAllowed, match=f"(?:^|or ){field}:|^{field} or"):
        make(store, limited, **asked)


def test_what_is_left_out_is_inherited(store: ControlStore, limited: KeyRecord) -> None:
    made = make(store, limited, environment="test")
    assert {name: getattr(made, name) for name in LIMITED} == LIMITED
    assert (made.kind, made.role, made.all_teams) == ("client", None, False)
    admin = make(store, limited, environment="test", kind="admin")
    assert (admin.role, admin.all_teams) == ("admin", False)


def test_less_is_made_as_it_is_asked_for(store: ControlStore, limited: KeyRecord) -> None:
    less: dict[str, Any] = {
        "models": ("gpt",),
        "networks": ("10.1.2.3/32",),
        "region": "swedencentral",
        "data_class": "restricted",
        "max_uses": 4,
        "expires_at": LATER - 1,
    }
    made = make(store, limited, environment="test", **less)
    assert {name: getattr(made, name) for name in less} == less


def test_a_network_that_the_own_ones_cover_together_is_within_them(store: ControlStore) -> None:
    halves = make(store, None, kind="admin", networks=("10.0.0.0/9", "10.128.0.0/9"))
    assert make(store, halves, networks=("10.0.0.0/8",)).networks == ("10.0.0.0/8",)


def test_a_key_of_all_teams_is_bound_to_no_team_and_no_project(store: ControlStore) -> None:
    boss = make(store, None, kind="admin", role="super-admin", all_teams=True)
    assert make(store, boss, team="chat").project is None
    with pytest.raises(UsageError, match="all teams"):
        make(store, None, kind="admin", role="super-admin", all_teams=True, project="ranker")
    assert not make(store, None, kind="admin", role="super-admin", project="ranker").all_teams


def test_a_live_key_may_make_test_keys(store: ControlStore) -> None:
    boss = make(store, None, kind="admin")
    assert make(store, boss, environment="test").environment == "test"


def test_a_login_user_gives_no_role_above_their_own(store: ControlStore) -> None:
    with acting_as(store, None) as acting:
        store.become(Actor(id="uwe", role="admin"))
        with pytest.raises(NotAllowed, match="role"):
            within_own(acting, CreateKey(name="k", team="search", kind="admin", role="super-admin"))
        asked = within_own(acting, CreateKey(name="k", team="search", kind="admin"))
        assert store.create_key(**fields_of(asked), pepper=bytes(32))[0].role == "admin", "where nothing is said"


def test_a_key_that_is_more_is_not_rotated_by_one_that_is_less(store: ControlStore, limited: KeyRecord) -> None:
    """Whoever is shown the new secret has the key."""
    unlimited = make(store, None)
    with acting_as(store, limited) as acting:
        with pytest.raises(NotAllowed):
            check_within_own(acting, unlimited)
        check_within_own(acting, make(store, None, **LIMITED))
        with pytest.raises(NotAllowed, match="networks"):
            check_within_own(acting, msgspec.structs.replace(make(store, None, **LIMITED), networks=None))


def test_the_whole_way_of_a_key_that_wants_more_for_itself(stage: Stage) -> None:
    """Every verb: create, import, edit and rotate, of others and of itself."""
    lead = stage.key("lead", kind="admin", role="super-admin", all_teams=False, networks=("10.0.0.0/8",))
    actor = Actor(id=f"key:{lead['id']}", role="super-admin", team="search", key_id=lead["id"])
    free = stage.key("free")
    for deed, asked in (
        ("keys.create", {"name": "x", "team": "search", "networks": ["0.0.0.0/0"]}),
        ("keys.create", {"name": "x", "team": "search", "kind": "admin", "all_teams": True}),
        ("keys.create", {"name": "x", "team": "chat", "create_team": True}),
        ("keys.import", {"key": {"id": "abcdefgh", "name": "x", "team": "search", "networks": ["::/0"]}}),
        ("keys.edit", {"key": lead["id"], "networks": None}),
        ("keys.edit", {"key": lead["id"], "networks": ["10.0.0.0/8", "192.0.2.0/24"]}),
        ("keys.edit", {"key": free["id"], "name": "still more than I am"}),
        ("keys.rotate", {"key": free["id"]}),
    ):
        with pytest.raises(NotAllowed):
            stage.do(deed, actor, **asked)
    made = stage.do("keys.create", actor, name="x", team="search")
    assert made["networks"] == ["10.0.0.0/8"]
