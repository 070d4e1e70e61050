"""What counters say at one moment, and which part of each journal is in them."""

from pathlib import Path

import msgspec
import pytest

from gatewatch.limits.counters import WHOLE, Asked, Seed, Seeds, Used
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared import standing as standing_module
from gatewatch.limits.shared.address import read_url
from gatewatch.limits.shared.names import token
from gatewatch.limits.shared.standing import Seeding, Standing
from gatewatch.limits.shared.store import open_store
from gatewatch.limits.window import Window
from tests.gatewatch.limits.shared.test_counters import RUN, worker
from tests.kit.redis_server import redis_server
from tests.kit.waiting import until

RULE = Rule(id="r", kind="limit", scope="user", measure="tokens", most=1, window=Window(seconds=60))
OTHER = msgspec.structs.replace(RULE, id="other")
NOW, LONG_AGO = 120_000_000, 1_000_000


async def test_holds_and_what_has_left_the_window_are_not_in_it(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        store = await open_store(read_url(redis.url), "g")
        attempt = await store.begin([token(RULE)], "20260101T000000Z")
        seeds = (Seed("r|a", {LONG_AGO: 9, NOW: 2**62}), Seed("r|b", {LONG_AGO: 9}))
        await store.fill([RULE], Seeds(rules=("r",), seeds=seeds))
        await store.seal(attempt, [token(RULE)], {f"{RUN}-000002": 50, "20260101T000000Z-00000000-000007": WHOLE}, [])
        async with worker(redis.port, "g") as counters:
            await counters.reserve("1", [Asked("r|a", NOW, 0, 50, 2**63 - 1)])
            counters.settle("2", [Used("r|c", NOW, 3)], (f"{RUN}-000002", 70))
            await until(lambda: not counters.owed)
            found = await store.standing([RULE, OTHER], NOW, 0)
        store.close()
    assert found.settled == {"r|a": 2**62, "r|c": 3}
    assert found.live == {RUN: (2, 70)}
    (seeding,) = found.seedings
    assert seeding == ((RULE,), {RUN: (2, 50), "20260101T000000Z-00000000": (7, WHOLE)})
    assert (found.following, found.behind) == (0, None)


async def test_a_part_tells_which_keys_were_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing_module, "MOST", 2)
    with redis_server(tmp_path) as redis:
        store = await open_store(read_url(redis.url), "g")
        attempt = await store.begin([token(RULE)], "20260101T000000Z")
        await store.fill([RULE], Seeds(rules=("r",), seeds=tuple(Seed(f"r|{each}", {NOW: 1}) for each in "bdf")))
        await store.seal(attempt, [token(RULE)], {}, [])
        keys = {name: store.key_of(f"r|{name}", {"r": RULE}) for name in "abcdefg"}
        parts = [await store.standing([RULE], NOW, begin) for begin in (0, 2)]
        store.close()
    assert [sorted(part.settled) for part in parts] == [["r|b", "r|d"], ["r|f"]]
    assert [[name for name, key in keys.items() if part.is_in(key)] for part in parts] == [[*"abcde"], [*"fg"]]
    assert [part.following for part in parts] == [2, 0]


def test_of_two_positions_of_a_run_the_later_one_counts() -> None:
    live = {"a-00000000": (3, 10), "b-00000000": (1, 900), "c-00000000": (0, 0)}
    seeding = Seeding((RULE,), {"a-00000000": (2, WHOLE), "b-00000000": (2, 5), "dead-00000000": (1, WHOLE)})
    standing = Standing({}, (seeding,), live, frozenset(), b"", None, 0)
    assert standing.upto(seeding, ["new-00000000"]) == {
        "a-00000000-000003": 10,
        "b-00000000-000002": 5,
        "c-00000000-000000": 0,
        "new-00000000-000000": 0,
    }
