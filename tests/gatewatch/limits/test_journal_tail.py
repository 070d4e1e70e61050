"""What the journal says behind a checkpoint, or without one: what the ledger says when it has loaded the same lines."""

import os
import random
from pathlib import Path

import pytest

from gatewatch.ledger.pack import pack
from gatewatch.ledger.segments import find_segment
from gatewatch.ledger.service import LedgerService
from gatewatch.limits.counters import WHOLE, Seeds
from gatewatch.limits.journal_tail import Part, counted_by_journal
from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from gatewatch.paths import Home
from tests.kit.journals import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    RUN,
    SECOND,
    T0,
    a_call,
    attempt,
    closing,
    opening,
    segment,
    worker,
)

OTHER = "20261120T100000Z-00000002"
HOURS = Window(seconds=7200)
RULES = (
    Rule(id="money", kind="budget", scope="team", measure="picos", most=1, window=Window(period="month")),
    Rule(id="tokens", kind="limit", scope="user", measure="tokens", most=1, window=HOURS),
    Rule(id="calls", kind="limit", scope="gateway", name="", measure="requests", most=1, window=HOURS),
    Rule(id="tries", kind="limit", scope="provider_key", measure="requests", most=1, window=HOURS),
    Rule(id="one", kind="budget", scope="model", name="openai/gpt-4o", measure="picos", most=1, window=HOURS),
)
NOTHING = Seeds(rules=())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").make()


def lines(calls: int, first: int = 0, seed: int = 1) -> list[bytes]:
    """Open, tries and end of each call, calls one within the other; one in ten has no end."""
    chance = random.Random(seed)
    found: list[tuple[int, bytes]] = []
    for n in range(first, first + calls):
        call = a_call(
            n, at_us=T0 + chance.randrange(50 * MINUTE), user=f"user-{chance.randrange(5)}",
            model=chance.choice(["gpt-4o", "gpt-5"]), cost_picos=chance.randrange(10**12),
            output_tokens=chance.randrange(900), input_cache_read_tokens=chance.randrange(100),
            status=chance.choice(["ok", "error", "blocked", "client_closed"]),
        )  # fmt: skip
        found.append((call.started_at, opening(call, user=call.user, cost_picos=chance.randrange(10**9))))
        if n % 10 != 9:
            tries = b"" if call.status == "blocked" else b"".join(
                attempt(call, k, provider_key=f"key-{chance.randrange(3)}") for k in range(1, chance.randrange(2, 4))
            )  # fmt: skip
            found.append((call.started_at + chance.randrange(60 * SECOND), tries + closing(call)))
    return [text for _, text in sorted(found)]


def told(seeds: Seeds) -> dict[str, dict[int, int]]:
    return {seed.counter: seed.buckets for seed in seeds.seeds}


def by_ledger(home: Home) -> Seeds:
    service = LedgerService(home, clock=lambda: NOW)
    try:
        service.load_once()
        return service.seeds(RULES, NOW)
    finally:
        service.close()


def by_journal(home: Home, *parts: Part) -> Seeds:
    return counted_by_journal(home, parts or [Part(RULES, NOTHING)], NOW)


def test_the_whole_journal_says_what_the_ledger_says(home: Home) -> None:
    """Two runs, one of two segments; the newest call of one run is still open in the last."""
    first, second = lines(60), lines(40, 60)
    segment(home, *first)
    segment(home, *second, sequence=2)
    segment(home, *lines(50, 200, seed=2), run=OTHER)
    found = by_journal(home)
    assert found.positions == {f"{RUN}-000001": WHOLE, f"{RUN}-000002": WHOLE, f"{OTHER}-000001": WHOLE}
    assert told(found) == told(by_ledger(home))
    assert len(told(found)) > 8


def test_behind_a_checkpoint_only_what_follows_is_read(home: Home) -> None:
    written = lines(100)
    with worker(home) as alive:
        alive.write(*written[:120])
        before = by_ledger(home)
        alive.write(*written[120:])
        segment(home, *lines(30, 300, seed=3), run=OTHER)
        found = by_journal(home, Part(RULES, before))
        assert found.positions == {alive.path.stem: alive.path.stat().st_size, f"{OTHER}-000001": WHOLE}
        assert told(found) == told(by_ledger(home))
    dead = by_journal(home, Part(RULES, before))
    assert told(dead) == told(by_ledger(home)), "what it left open counts when it is dead"
    assert told(dead) != told(found)


def test_a_checkpoint_between_a_tries_line_and_its_calls_end_loses_no_try(home: Home) -> None:
    call = a_call(0)
    tries = opening(call) + attempt(call, 1, provider_key="k") + attempt(call, 2, provider_key="k")
    segment(home, tries, closing(call))
    half = Seeds(rules=tuple(rule.id for rule in RULES), positions={f"{RUN}-000001": len(tries)})
    assert told(by_journal(home, Part(RULES, half)))["tries|openai/k"] == {T0: 2}


def test_rules_that_the_checkpoint_does_not_have_are_counted_from_the_beginning(home: Home) -> None:
    segment(home, *lines(50))
    before = by_ledger(home)
    segment(home, *lines(50, 100, seed=4), run=OTHER)
    known = Seeds(
        rules=("money",), seeds=tuple(s for s in before.seeds if s.counter.startswith("money|")),
        positions=before.positions,
    )  # fmt: skip
    found = by_journal(home, Part(RULES[:1], known), Part(RULES[1:], NOTHING))
    assert set(found.rules) == {rule.id for rule in RULES}
    assert told(found) == told(by_ledger(home))


def test_what_is_packed_away_is_read_too_and_what_is_older_than_any_window_is_not(home: Home) -> None:
    packed = segment(home, *lines(50))
    pack(find_segment(home, packed.stem), home.loaded)
    old = segment(home, *lines(5, 500), run=OTHER)
    os.utime(old, (NOW / 1e6 - 80 * DAY / 1e6,) * 2)
    found = by_journal(home)
    assert found.positions == {f"{RUN}-000001": WHOLE}
    old.unlink()
    assert sum(told(found)["calls|"].values()) > 20


def test_torn_and_foreign_lines_are_passed_over(home: Home) -> None:
    call = a_call(0)
    segment(home, b'{"k":"close","v":1,"call_id":7}\n', b"nonsense\n", closing(call), b'{"k":"close","v":1,"ca')
    assert told(by_journal(home))["calls|"] == {T0: 1}


def test_what_has_left_the_window_does_not_count(home: Home) -> None:
    segment(home, closing(a_call(0, at_us=NOW - 5 * HOUR)), closing(a_call(1)))
    assert told(by_journal(home))["calls|"] == {T0: 1}
