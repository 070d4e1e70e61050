"""The kept replies of one worker: bounded, the least recently used go first, none is too old."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.routing import CacheBounds
from proxy.worker.caching.entries import Entries
from proxy.worker.caching.entry import OVERHEAD_BYTES, Entry
from proxy.worker.caching.invalidation import Invalidation, entry_labels

TTL = 60.0


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def entry(size: int = 100, born: float = 1000.0, **changed: object) -> Entry:
    fields: dict[str, object] = {
        "tenant": "team:search", "team": "search", "route": "bot", "requested": "bot", "provider": "openai",
        "model": "gpt-4o", "tags": (), "call_id": "c", "cost_picos": 1, "served_model": None, "dialect": None,
        "finish_reason": None, "dropped_params": [], "degraded": None, "body": b"x" * size, "last": b"",
    }  # fmt: skip
    return Entry(**(fields | {"born": born} | changed))  # type: ignore[arg-type]


def put(entries: Entries, key: bytes, each: Entry, ttl: float) -> bool:
    return entries.put(key, each, ttl, entry_labels(each))


def kept(room: int, clock: Clock, largest: int = 10_000) -> Entries:
    return Entries(CacheBounds(size=room * (OVERHEAD_BYTES + 100), entry=largest), monotonic=clock)


def test_the_least_recently_used_goes_first(clock: Clock) -> None:
    entries = kept(3, clock)
    for name in (b"a", b"b", b"c"):
        assert put(entries, name, entry(), TTL)
    assert entries.get(b"a", TTL)
    put(entries, b"d", entry(), TTL)
    assert entries.get(b"b", TTL) is None
    assert all(entries.get(name, TTL) for name in (b"a", b"c", b"d"))
    assert (len(entries), entries.evicted) == (3, 1)


def test_what_is_too_large_is_not_kept(clock: Clock) -> None:
    entries = kept(3, clock, largest=99)
    assert not put(entries, b"a", entry(100), TTL)
    assert not put(kept(1, clock), b"a", entry(101), TTL)
    assert len(entries) == entries.bytes == 0


def test_a_reply_has_its_time(clock: Clock) -> None:
    entries = kept(3, clock)
    put(entries, b"a", entry(), TTL)
    clock.now += 30
    found = entries.get(b"a", TTL)
    assert found
    assert found[1] == 30
    assert entries.get(b"a", TTL, younger=30) is None
    assert entries.get(b"a", TTL, younger=31)
    assert entries.get(b"a", ttl=30) is None, "a route whose time became shorter"
    assert (len(entries), entries.expired) == (0, 1)


def test_what_is_too_old_is_let_go_of_unasked(clock: Clock) -> None:
    entries = kept(3, clock)
    put(entries, b"a", entry(), TTL)
    put(entries, b"b", entry(), TTL * 2)
    clock.now += TTL
    entries.forget()
    assert (len(entries), entries.expired) == (1, 1)
    assert entries.bytes == OVERHEAD_BYTES + 100


def test_a_smaller_room_holds_less(clock: Clock) -> None:
    entries = kept(3, clock)
    for name in (b"a", b"b", b"c"):
        put(entries, name, entry(), TTL)
    entries.configure(CacheBounds(size=OVERHEAD_BYTES + 100))
    assert len(entries) == 1
    assert entries.get(b"c", TTL)


teams, tags = st.sampled_from(["a", "b"]), st.sets(st.sampled_from(["x", "y", "z"]))
routes, models = st.sampled_from(["r", "s"]), st.sampled_from(["m", "n"])
some = st.builds(
    lambda team, route, model, said, by_key: entry(
        tenant=f"key:{team}1" if by_key else f"team:{team}",
        team=team, route=route, requested=route, model=model, tags=tuple(said),
    ),
    teams, routes, models, tags, st.booleans(),
)  # fmt: skip
asked = st.builds(
    Invalidation,
    route=st.none() | routes,
    model=st.none() | routes | models.map("openai/{}".format),
    tags=tags.map(tuple),
    team=st.none() | teams,
    tenants=st.none() | teams.map(lambda team: (f"team:{team}", f"key:{team}1")),
)


@given(st.lists(some, max_size=12), asked)
def test_an_invalidation_takes_all_that_it_concerns_and_nothing_else(found: list[Entry], which: Invalidation) -> None:
    entries = Entries(CacheBounds(), monotonic=Clock())
    for number, each in enumerate(found):
        put(entries, bytes([number]), each, TTL)
    concerned = {
        number
        for number, each in enumerate(found)
        if (which.route is None or each.route == which.route)
        and (which.model is None or which.model in (each.requested, f"openai/{each.model}"))
        and (not which.tags or set(which.tags) & set(each.tags))
        and (which.team is None or each.team == which.team)
        and (which.tenants is None or each.tenant in which.tenants)
    }
    assert entries.invalidate(which) == len(concerned)
    assert {n for n in range(len(found)) if entries.get(bytes([n]), TTL) is None} == concerned
    assert entries.bytes == sum(each.size for number, each in enumerate(found) if number not in concerned)
    entries.invalidate(Invalidation())
    assert not entries._labelled, "nothing is left behind"
