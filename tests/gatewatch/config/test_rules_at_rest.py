"""The rules of a home that no gateway runs on."""

from pathlib import Path

import pytest

from gatewatch.config import ConfigError
from gatewatch.config.rules_at_rest import rules_at_rest
from gatewatch.control.store import ControlStore
from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from gatewatch.paths import Home

OURS = Rule(
    id="budget:gateway:usd:day", kind="budget", scope="gateway", name="", measure="picos", most=5,
    window=Window(period="day"), managed_by="operator",
)  # fmt: skip


def test_nothing_holds_where_nothing_was_made_and_nothing_is_made_by_looking(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert rules_at_rest(home).rules == ()
    assert not home.root.exists()


def test_the_files_and_operators_rules_hold_together_with_grants(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    home.config.write_text("budgets: {company: {scope: gateway, usd: 1}}\n")
    with ControlStore.open(home.control) as store:
        store.set_rules([OURS], team=None)
        store.grant(OURS, 7, until=store.clock() + 10**9, reason="r", team=None)
    found = rules_at_rest(home)
    assert [(rule.id, rule.ceiling(store.clock())) for rule in found.rules] == [
        ("budget:gateway:usd:day", 12), ("budgets.company/usd", 10**12),
    ]  # fmt: skip
    assert found.held == {}


def test_another_file_may_be_named(tmp_path: Path) -> None:
    home, other = Home(tmp_path / "home").make(), tmp_path / "other.yaml"
    home.config.write_text("budgets: {company: {scope: gateway, usd: 1}}\n")
    other.write_text("limits: {all: {scope: gateway, requests: 5}}\n")
    assert [rule.id for rule in rules_at_rest(home, other).rules] == ["limits.all/requests/1m"]


def test_a_broken_file_is_an_error_and_not_a_home_without_limits(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    home.config.write_text("budgets: {company: {scope: gatway, usd: 1}}\n")
    with pytest.raises(ConfigError):
        rules_at_rest(home)
