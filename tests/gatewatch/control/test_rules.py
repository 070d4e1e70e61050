"""Limits and budgets of operators in the control store: made, changed, removed, granted on, and audited with it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gatewatch.control.audit import EVERYTHING
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotFound
from gatewatch.limits.rule import Grant, Rule
from gatewatch.limits.window import Window

USD = 10**12
MONTH = Rule(
    id="budget:team/search:usd:month", kind="budget", scope="team", name="search", measure="picos", most=500 * USD,
    window=Window(period="month", zone="Europe/Berlin"), soft=400 * USD, step_down=True, managed_by="operator",
)  # fmt: skip
MINUTE = Rule(
    id="limit:key/abcdefgh:requests:1m", kind="limit", scope="key", name="abcdefgh", measure="requests", most=60,
    window=Window(seconds=60), managed_by="operator",
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db", actor="root", clock=lambda: 1_000) as opened:
        yield opened


def deeds(store: ControlStore) -> list[tuple[str, str]]:
    return [(entry.action, entry.target) for entry in reversed(store.audit_entries())]


def test_a_rule_comes_back_as_it_was_made_and_says_who_made_it(store: ControlStore) -> None:
    store.set_rules([MONTH, MINUTE], team="search")
    assert store.rules() == (MONTH, MINUTE)
    (made, _) = store.made_rules()
    assert (made.team, made.created_by, made.created_at, made.changed_at) == ("search", "root", 1_000, 1_000)
    assert deeds(store) == [("budget.set", MONTH.id), ("limit.set", MINUTE.id)]


def test_a_changed_rule_is_audited_with_what_it_was_and_an_unchanged_one_is_not(store: ControlStore) -> None:
    store.set_rules([MONTH, MINUTE], team="search")
    store.set_rules([msgspec.structs.replace(MONTH, most=600 * USD), MINUTE], team="search")
    entries = store.audit_entries()
    assert len(entries) == 3
    assert entries[0].before
    assert entries[0].after
    assert (entries[0].before["limit"], entries[0].after["limit"]) == ("500", "600")
    assert entries[0].after == {
        "scope": "team/search", "measure": "usd", "limit": "600", "window": "month Europe/Berlin", "soft": "400",
        "step_down": True,
    }  # fmt: skip


def test_a_removed_rule_is_no_longer_in_force_and_may_be_made_anew(store: ControlStore) -> None:
    store.set_rules([MONTH, MINUTE], team="search")
    assert store.remove_rules([MONTH.id]) == [MONTH]
    assert store.rules() == (MINUTE,)
    store.set_rules([MONTH], team="search")
    assert store.rules() == (MONTH, MINUTE)
    assert deeds(store)[2:] == [("budget.remove", MONTH.id), ("budget.set", MONTH.id)]


def test_of_several_none_is_removed_where_one_is_not_there(store: ControlStore) -> None:
    store.set_rules([MONTH], team="search")
    with pytest.raises(NotFound):
        store.remove_rules([MONTH.id, "budget:team/none:usd:month"])
    assert store.rules() == (MONTH,)
    assert deeds(store) == [("budget.set", MONTH.id)]


def test_grants_count_until_they_end_and_stay_on_record(store: ControlStore) -> None:
    store.grant(MONTH, 50 * USD, until=5_000, reason="the launch", team="search")
    store.grant(MONTH, 7 * USD, until=9_000, reason="more of it", team="search")
    first, second = Grant(amount=50 * USD, since=1_000, until=5_000), Grant(amount=7 * USD, since=1_000, until=9_000)
    assert store.grants(1_000) == {MONTH.id: (first, second)}
    assert store.grants(4_999) == {MONTH.id: (first, second)}
    assert store.grants(5_000) == {MONTH.id: (second,)}
    assert store.grants(9_000) == {}
    assert [(each.reason, each.created_by) for each in store.made_grants(rule_id=MONTH.id)] == [
        ("the launch", "root"),
        ("more of it", "root"),
    ]


def test_a_grant_on_a_rule_of_the_configuration_file_is_audited_with_both_ceilings(store: ControlStore) -> None:
    rule = msgspec.structs.replace(MONTH, id="budgets.company/usd", managed_by="config")
    store.grant(rule, 50 * USD, until=5_000, reason="the launch", team=None)
    (entry,) = store.audit_entries()
    assert (entry.action, entry.target) == ("budget.grant", "budgets.company/usd")
    assert entry.before == {"limit": "500"}
    assert entry.after == {
        "limit": "550", "amount": "50", "until": "1970-01-01T00:00:00.005000Z", "reason": "the launch",
    }  # fmt: skip


def test_a_team_sees_in_the_trail_what_was_done_to_its_own_rules_and_no_others(store: ControlStore) -> None:
    store.set_rules([MONTH], team="search")
    store.set_rules([MINUTE], team="chat")
    store.grant(msgspec.structs.replace(MONTH, id="teams.search.budget/usd"), 1, until=9_000, reason="r", team="search")
    store.remove_rules([MONTH.id])
    store.become(msgspec.structs.replace(store.actor, id="key:other"))
    seen = store.trail.entries(10, EVERYTHING, team="search")
    assert [(each.action, each.target) for each in reversed(seen)] == [
        ("budget.set", MONTH.id),
        ("budget.grant", "teams.search.budget/usd"),
        ("budget.remove", MONTH.id),
    ]
