from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatewatch.control.key_hold import KeyHold
from gatewatch.control.provider_quarantine import ProviderQuarantine
from gatewatch.control.store import ControlStore

HOLD = KeyHold(
    provider="openai", key_id="main", version="aaaa", kind="refused", reason="401 invalid_api_key", since=5, until=60
)


def changed(**fields: Any) -> KeyHold:
    return msgspec.structs.replace(HOLD, **fields)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db", actor="gateway") as store:
        yield store


def trail(store: ControlStore) -> list[tuple[str, str, str]]:
    return [(entry.actor, entry.action, entry.target) for entry in reversed(store.audit_entries())]


def test_a_hold_is_kept_and_told_once_however_often_it_grows(store: ControlStore) -> None:
    quarantine = ProviderQuarantine(store)
    quarantine.put(HOLD)
    quarantine.put(changed(failures=2, until=200))
    assert quarantine.holds() == [changed(failures=2, until=200)]
    assert trail(store) == [("gateway", "provider_key.quarantine", "openai/main")]
    (entry,) = store.audit_entries()
    assert entry.after == {
        "model": "", "version": "aaaa", "kind": "refused", "reason": "401 invalid_api_key", "since": 5, "failures": 1,
    }  # fmt: skip


def test_holds_outlive_the_process(store: ControlStore, tmp_path: Path) -> None:
    ProviderQuarantine(store).put(HOLD)
    with ControlStore.open(tmp_path / "control.db") as later:
        assert ProviderQuarantine(later).holds() == [HOLD]


def test_the_end_of_a_hold_is_told_with_what_it_was(store: ControlStore) -> None:
    quarantine = ProviderQuarantine(store)
    quarantine.put(HOLD)
    assert quarantine.lift(HOLD, "a call tried it")
    assert quarantine.holds() == []
    newest = store.audit_entries()[0]
    assert (newest.action, newest.after) == ("provider_key.quarantine.lift", {"why": "a call tried it"})
    assert newest.before is not None
    assert newest.before["kind"] == "refused"


def test_a_hold_of_another_secret_is_not_lifted_by_mistake(store: ControlStore) -> None:
    quarantine = ProviderQuarantine(store)
    quarantine.put(HOLD)
    assert not quarantine.lift(changed(version="bbbb"), "too late")
    assert not quarantine.lift(changed(key_id="other"), "never there")
    assert quarantine.holds() == [HOLD]
    assert len(trail(store)) == 1


def test_a_new_secret_that_fails_too_is_another_quarantine(store: ControlStore) -> None:
    quarantine = ProviderQuarantine(store)
    quarantine.put(HOLD)
    quarantine.put(changed(version="bbbb"))
    assert quarantine.holds() == [changed(version="bbbb")]
    assert len(trail(store)) == 2


def test_models_are_held_beside_each_other(store: ControlStore) -> None:
    quarantine = ProviderQuarantine(store)
    quarantine.put(changed(model="gpt-4o"))
    quarantine.put(changed(model="gpt-4o-mini"))
    assert quarantine.lift(changed(model="gpt-4o"), "")
    assert [hold.model for hold in quarantine.holds()] == ["gpt-4o-mini"]
