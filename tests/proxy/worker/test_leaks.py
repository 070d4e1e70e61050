"""Keys where no key should be, as one worker sees them."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import msgspec
import pytest

from gatewatch.control.key_networks import learn
from gatewatch.control.key_table import KeyTable, Known
from gatewatch.control.store import ControlStore
from gatewatch.keys import token
from gatewatch.keys.leaks import DAY_US, Leak, Mark, Reaction, Reactions
from gatewatch.paths import Home
from proxy.refusal import Refusal
from proxy.settings import Caps, Deadlines
from proxy.worker.inbound import Inbound
from proxy.worker.leaks import WAITING, Leaks
from tests.kit.worker_process import settings_for

PEPPER = bytes(range(32))
Call = Callable[..., Inbound]


@pytest.fixture
def store(home: Home) -> Iterator[ControlStore]:
    with ControlStore.open(home.control, actor="test") as opened:
        opened.create_team("search")
        yield opened


@pytest.fixture
def leaks(home: Home, store: ControlStore) -> Iterator[Leaks]:
    with closing(KeyTable(home.control, PEPPER)) as keys:
        yield Leaks(keys)


@pytest.fixture
def call(leaks: Leaks, inbound: Callable[..., Inbound]) -> Call:
    """`call(secret, source, header=value…)` → a call with that key that has just arrived."""
    looks = itertools.count(10**6)

    def made(secret: str, source: str = "203.0.113.9", **headers: str) -> Inbound:
        arrived = inbound({name.replace("_", "-").encode(): value.encode() for name, value in headers.items()})
        leaks._keys.refresh_if_stale(next(looks))
        known = leaks._keys.lookup(secret)
        assert isinstance(known, Known)
        arrived.known, arrived.call.source = known, source
        return arrived

    return made


def react(leaks: Leaks, home: Home, of_team: Reactions | None = None, **reactions: Reaction | int) -> None:
    settings = settings_for(home, "http://127.0.0.1:9/v1", Caps(), Deadlines())
    teams = {} if of_team is None else {"search": of_team}
    leaks.configure(
        msgspec.structs.replace(settings, leaks=Reactions(**reactions), leaks_of_teams=teams)  # type: ignore[arg-type]
    )


def marks(leaks: Leaks) -> list[tuple[Mark, str]]:
    return [(leak.mark, leak.source) for leak in leaks.take_found()]


def refused(check: Callable[[], None]) -> str | None:
    """The reason for the row of a call that the check refuses with 403 key_leaked."""
    try:
        check()
    except Refusal as refusal:
        error = (refusal.status, refusal.code, refusal.type)
        return refusal.reason if error == (403, "key_leaked", "permission_error") else f"another error: {error}"
    return None


@pytest.mark.parametrize("header", ["origin", "sec_fetch_site", "sec_fetch_dest"])
async def test_a_key_in_a_browser_is_told_at_once_and_served(
    leaks: Leaks, store: ControlStore, call: Call, header: str
) -> None:
    key, secret = store.create_key("app", team="search", pepper=PEPPER)
    arrived = call(secret, **{header: "https://shop.example"})
    leaks.check_arrival(arrived)
    assert leaks.news.is_set()
    source = "https://shop.example" if header == "origin" else "a page that was not named"
    assert leaks.take_found() == [Leak(key_id=key.id, kid=key.id, mark="browser", source=source, reaction="alert")]
    assert not leaks.news.is_set()
    leaks.check_arrival(arrived)
    assert leaks.take_found() == [], "it was told within the hour"


async def test_what_node_sends_from_servers_is_no_browser(leaks: Leaks, store: ControlStore, call: Call) -> None:
    _, secret = store.create_key("app", team="search", pepper=PEPPER)
    sent_by_node_20 = {
        "accept": "*/*", "accept_language": "*", "sec_fetch_mode": "cors", "user_agent": "node",
        "accept_encoding": "gzip, deflate",
    }  # fmt: skip
    leaks.check_arrival(call(secret, **sent_by_node_20))
    leaks.check_arrival(call(secret, anthropic_dangerous_direct_browser_access="true"))  # Claude Code's own
    assert leaks.take_found() == []


async def test_a_page_that_lies_about_itself_harms_no_screen_and_repeats_no_secret(
    leaks: Leaks, store: ControlStore, call: Call
) -> None:
    _, secret = store.create_key("app", team="search", pepper=PEPPER)
    leaks.check_arrival(call(secret, origin="https://x/\x1b[2J" + secret + "y" * 5000))
    (leak,) = leaks.take_found()
    assert "\x1b" not in leak.source
    assert secret[20:40] not in leak.source
    assert len(leak.source) <= 100


@pytest.mark.parametrize("reaction", ["refuse", "revoke"])
@pytest.mark.parametrize("mark", ["browser", "new_network", "in_prompt"])
async def test_a_call_is_refused_where_that_is_asked_for_however_often_it_is_made(
    leaks: Leaks, home: Home, store: ControlStore, call: Call, mark: Mark, reaction: Reaction
) -> None:
    key, secret = store.create_key("app", team="search", pepper=PEPPER)
    learn(store.connection, key.id, "192.0.2.0/24", 1)
    react(leaks, home, **{mark: reaction})
    arrived = call(secret, "203.0.113.9", origin="https://shop.example")
    body = json.dumps({"content": secret}).encode()
    for _ in range(3):
        checks = (lambda: leaks.check_arrival(arrived), lambda: leaks.check_prompt(arrived, body))
        assert [reason for check in checks if (reason := refused(check))] == [mark]
    assert (mark, reaction) in [(leak.mark, leak.reaction) for leak in leaks.take_found()]


async def test_what_is_off_is_neither_told_nor_refused(
    leaks: Leaks, home: Home, store: ControlStore, call: Call
) -> None:
    key, secret = store.create_key("app", team="search", pepper=PEPPER)
    learn(store.connection, key.id, "192.0.2.0/24", 1)
    react(leaks, home, browser="off", new_network="off", in_prompt="off")
    arrived = call(secret, origin="https://shop.example")
    leaks.check_arrival(arrived)
    leaks.check_prompt(arrived, secret.encode())
    assert leaks.take_found() == []
    assert [network[:2] for network in leaks.take_networks()] == [(key.id, "203.0.113.0/24")]


async def test_a_team_has_its_own_rules(leaks: Leaks, home: Home, store: ControlStore, call: Call) -> None:
    _, ours = store.create_key("ours", team="search", pepper=PEPPER)
    _, theirs = store.create_key("theirs", team="billing", create_team=True, pepper=PEPPER)
    react(leaks, home, of_team=Reactions(browser="refuse"))
    assert refused(lambda: leaks.check_arrival(call(ours, origin="null"))) == "browser"
    assert refused(lambda: leaks.check_arrival(call(theirs, origin="null"))) is None


async def test_networks_are_learnt_and_a_new_one_is_told_afterwards(
    leaks: Leaks, store: ControlStore, call: Call
) -> None:
    key, secret = store.create_key("app", team="search", pepper=PEPPER)
    for source in ("203.0.113.9", "203.0.113.77", "2001:db8:1:2::3"):
        leaks.check_arrival(call(secret, source))
    learnt = leaks.take_networks()
    assert [network[:2] for network in learnt] == [(key.id, "203.0.113.0/24"), (key.id, "2001:db8:1::/48")]
    assert not leaks.news.is_set(), "there is no hurry"
    now = time.time_ns() // 1000
    for _, network, _ in learnt:
        learn(store.connection, key.id, network, now - 8 * DAY_US)
    leaks.check_arrival(call(secret, "203.0.113.100"))
    assert (leaks.take_found(), leaks.take_networks()) == ([], [])
    leaks.check_arrival(call(secret, "198.51.100.1"))
    leaks.check_arrival(call(secret, "198.51.100.1"))
    leaks.check_arrival(call(secret, "198.51.100.2"))
    assert marks(leaks) == [("new_network", "198.51.100.0/24")]


@pytest.mark.parametrize("of", [{"user": "ada"}, {"networks": ("198.51.100.0/24",)}])
async def test_persons_travel_and_a_list_of_networks_speaks_for_itself(
    leaks: Leaks, home: Home, store: ControlStore, call: Call, of: dict[str, object]
) -> None:
    key, secret = store.create_key("app", team="search", pepper=PEPPER, **of)  # type: ignore[arg-type]
    learn(store.connection, key.id, "203.0.113.0/24", 1)
    react(leaks, home, new_network="refuse")
    leaks.check_arrival(call(secret, "198.51.100.1"))
    assert leaks.take_found() == []
    assert [network[:2] for network in leaks.take_networks()] == [(key.id, "198.51.100.0/24")]


async def test_a_network_that_an_operator_adds_is_served_from_then_on(
    leaks: Leaks, home: Home, store: ControlStore, call: Call
) -> None:
    key, secret = store.create_key("app", team="search", pepper=PEPPER)
    learn(store.connection, key.id, "203.0.113.0/24", 1)
    react(leaks, home, new_network="refuse")
    assert refused(lambda: leaks.check_arrival(call(secret, "198.51.100.1"))) == "new_network"
    store.edit_key(key.id, {"networks": ("203.0.113.0/24", "198.51.100.0/24")})
    assert refused(lambda: leaks.check_arrival(call(secret, "198.51.100.1"))) is None


async def test_a_store_that_cannot_be_read_refuses_nobody(
    leaks: Leaks, home: Home, store: ControlStore, call: Call
) -> None:
    key, secret = store.create_key("app", team="search", pepper=PEPPER)
    learn(store.connection, key.id, "203.0.113.0/24", 1)
    react(leaks, home, new_network="refuse")
    arrived = call(secret, "198.51.100.1")
    leaks._keys.close()
    leaks.check_arrival(arrived)
    assert leaks.take_found() == []


async def test_everybodys_keys_are_found_in_a_prompt_and_dead_ones_are_not(
    leaks: Leaks, store: ControlStore, call: Call
) -> None:
    caller, secret = store.create_key("app", team="search", pepper=PEPPER)
    other, others = store.create_key("ops", team="search", kind="admin", pepper=PEPPER)
    rotated, old = store.create_key("rotated", team="search", pepper=PEPPER)
    new = store.rotate_key(rotated.id, pepper=PEPPER, grace_us=0)
    revoked, dead = store.create_key("dead", team="search", pepper=PEPPER)
    store.revoke_key(revoked.id)
    stranger = token.mint("client", "live")
    body = " ".join([dead, old, stranger, others, str(new.secret), secret]).encode()
    leaks.check_prompt(call(secret), body)
    where = f"a prompt of key {caller.id}"
    assert [(leak.key_id, leak.kid, leak.source) for leak in leaks.take_found()] == [
        (other.id, other.id, where), (rotated.id, new.current.kid, where), (caller.id, caller.id, where),
    ]  # fmt: skip


async def test_nobody_fills_a_report(leaks: Leaks, store: ControlStore, call: Call) -> None:
    key, secret = store.create_key("app", team="search", pepper=PEPPER)
    learn(store.connection, key.id, "203.0.113.0/24", 1)
    arrived = call(secret)
    for page in range(WAITING + 100):
        arrived.headers[b"origin"] = b"https://%d.example" % page
        leaks.check_arrival(arrived)
    assert len(leaks.take_found()) == WAITING
