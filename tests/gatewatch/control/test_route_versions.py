"""Versions of routes: noted once, in the order in which they came into force; kept up to a number; in the trail."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatewatch.control import route_versions
from gatewatch.control.route_versions import RouteVersions, WrittenBy
from gatewatch.control.store import ControlStore
from tests.kit.acting import Clock

BY = WrittenBy(config="c1", file="/etc/gatewatch.yaml", changed_by="ann", changed_at=5)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db", actor="gateway", clock=clock) as opened:
        yield opened


def route(version: str, model: str = "gpt-4o") -> dict[str, Any]:
    return {"name": "chat", "version": version, "targets": [{"provider": "openai", "model": model, "weight": 1}]}


def versions(store: ControlStore, name: str = "chat") -> list[str]:
    return [each.version for each in RouteVersions(store).of(name)]


def test_a_version_is_noted_with_its_definition_and_who_wrote_it(store: ControlStore, clock: Clock) -> None:
    RouteVersions(store).note({"chat": route("a")}, BY)
    (noted,) = RouteVersions(store).of("chat")
    assert (noted.version, noted.config, noted.file, noted.changed_by) == ("a", "c1", "/etc/gatewatch.yaml", "ann")
    assert noted.definition == route("a")
    assert noted.first_at == noted.since == clock.now
    assert RouteVersions(store).get("chat", "a") == noted
    assert RouteVersions(store).get("chat", "b") is None
    assert store.audit_entries() == [], "that it is there at all is in the entry of the configuration"


def test_the_same_version_again_changes_nothing(store: ControlStore, clock: Clock) -> None:
    RouteVersions(store).note({"chat": route("a")}, BY)
    before = RouteVersions(store).of("chat")
    clock.now += 10
    RouteVersions(store).note({"chat": route("a")}, WrittenBy(config="c2"))
    assert RouteVersions(store).of("chat") == before


def test_one_that_comes_back_is_the_newest_again_and_keeps_its_beginning(store: ControlStore, clock: Clock) -> None:
    begun = clock.now
    for version in ("a", "b", "a"):
        RouteVersions(store).note({"chat": route(version, f"m-{version}")}, BY)
        clock.now += 10
    assert versions(store) == ["a", "b"]
    assert RouteVersions(store).of("chat")[0].first_at == begun
    assert RouteVersions(store).newest()["chat"].version == "a"
    told = [(each.action, each.target, each.before, each.after) for each in store.audit_entries()]
    a, b = ({"version": version, "targets": [f"openai/m-{version}"]} for version in "ab")
    assert told == [("route.change", "chat", b, a), ("route.change", "chat", a, b)]


def test_the_order_holds_where_the_clock_stands_still(store: ControlStore) -> None:
    for version in ("a", "b", "c"):
        RouteVersions(store).note({"chat": route(version)}, BY)
    assert versions(store) == ["c", "b", "a"]


def test_of_each_route_the_newest_are_kept_and_those_that_are_held(
    store: ControlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route_versions, "MOST_VERSIONS", 3)
    RouteVersions(store).note({"other": route("a")}, BY)
    for version in "abcdef":
        RouteVersions(store).note({"chat": route(version)}, BY, kept={"b"})
    assert versions(store) == ["f", "e", "d", "b"]
    assert versions(store, "other") == ["a"]
