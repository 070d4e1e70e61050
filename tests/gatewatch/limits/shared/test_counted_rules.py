"""What a rule is in the store."""

import msgspec

from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.counted_rules import counted_rules, counting, life_ms, unknown
from gatewatch.limits.window import Window

RULE = Rule(id="r", kind="limit", scope="user", measure="tokens", most=1, window=Window(seconds=60))
RUNNING = Rule(id="running", kind="limit", scope="user", measure="concurrent", most=1)


def test_workers_that_count_the_same_say_the_same() -> None:
    assert counting([RULE, RUNNING]) == counting([RULE]) != counting([])
    longer = msgspec.structs.replace(RULE, window=Window(seconds=120))
    assert counting([longer]) != counting([RULE])
    assert counting([RULE, msgspec.structs.replace(longer, id="s")]) == counting(
        [msgspec.structs.replace(longer, id="s"), RULE]
    )


def test_a_counter_lives_longer_than_its_window_and_the_longest_call() -> None:
    assert life_ms(RULE) >= (60 + 3600) * 1000
    assert life_ms(RUNNING) >= 3600 * 1000
    assert life_ms(msgspec.structs.replace(RULE, window=Window(period="month"))) >= (31 * 24 + 1) * 3600 * 1000


def test_a_rule_with_a_window_waits_for_its_seeds_unless_it_needs_none() -> None:
    waits = {id: each.is_seeded_first for id, each in counted_rules([RULE, RUNNING], []).items()}
    assert waits == {"r": True, "running": False}
    assert not counted_rules([RULE], ["r"])["r"].is_seeded_first
    assert not unknown("gone").is_seeded_first
