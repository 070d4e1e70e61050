"""Configurations that were in force, and how they differ."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control import configuration_versions
from gatewatch.control.configuration_versions import ConfigurationVersions, Difference, differences
from gatewatch.control.store import ControlStore
from gatewatch.limits.rule import Rule

RULE = Rule(id="l", kind="limit", scope="key", measure="concurrent", most=3)


class Clock:
    now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def versions(tmp_path: Path, clock: Clock) -> Iterator[ConfigurationVersions]:
    with ControlStore.open(tmp_path / "control.db", actor="gateway", clock=clock) as store:
        yield ConfigurationVersions(store)


def test_a_version_that_comes_back_keeps_its_beginning(versions: ConfigurationVersions, clock: Clock) -> None:
    for clock.now, version in ((10, "a"), (20, "b"), (30, "a")):
        versions.note(version, {"port": version}, {"bot": "r1"}, [RULE], "/etc/g.yaml", "ann", 5)
    noted = versions.get("a")
    assert noted is not None
    assert (noted.first_at, noted.last_at, noted.changed_by, noted.changed_at) == (10, 30, "ann", 5)
    assert (noted.tree, noted.routes, noted.rules) == ({"port": "a"}, {"bot": "r1"}, [RULE])
    latest = versions.latest()
    assert latest is not None
    assert latest.version == "a"


def test_it_is_said_until_when_one_was_seen_in_force(versions: ConfigurationVersions, clock: Clock) -> None:
    versions.note("a", {}, {}, [])
    clock.now = 99
    versions.still("a")
    noted = versions.get("a")
    assert noted is not None
    assert noted.last_at == 99


def test_a_route_is_found_in_all_that_had_it_so(versions: ConfigurationVersions, clock: Clock) -> None:
    for clock.now, version, route in ((1, "a", "r1"), (2, "b", "r2"), (3, "c", "r1")):
        versions.note(version, {}, {"bot": route, "other": "r1"}, [])
    assert [each.version for each in versions.with_route("bot", "r1")] == ["a", "c"]
    assert versions.with_route("bot", "r9") == []


def test_what_was_never_noted_is_not_known(versions: ConfigurationVersions) -> None:
    assert versions.get("x") is None
    assert versions.latest() is None


def test_the_newest_are_kept(versions: ConfigurationVersions, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration_versions, "MOST_VERSIONS", 2)
    for clock.now in range(4):
        versions.note(f"v{clock.now}", {}, {}, [])
    assert [versions.get(f"v{n}") is not None for n in range(4)] == [False, False, True, True]


def test_differences_are_told_key_by_key(versions: ConfigurationVersions) -> None:
    versions.note("a", {"same": 1, "gone": 2, "other": 3}, {}, [])
    versions.note("b", {"same": 1, "other": 4, "new": 5}, {}, [])
    then, now = versions.get("a"), versions.get("b")
    assert then is not None
    assert now is not None
    assert differences(then, now) == [
        Difference(key="gone", then=2, now=None),
        Difference(key="new", then=None, now=5),
        Difference(key="other", then=3, now=4),
    ]
