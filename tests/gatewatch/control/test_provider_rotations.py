from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.provider_rotations import Detail, ProviderRotations, RotationOver
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotFound, UsageError


class Clock:
    now = 1_000

    def __call__(self) -> int:
        self.now += 1
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db", actor="alice", clock=Clock()) as opened:
        yield opened


@pytest.fixture
def rotations(store: ControlStore) -> ProviderRotations:
    return ProviderRotations(store)


def test_a_secret_has_one_rotation_at_a_time_whatever_provider_asks(rotations: ProviderRotations) -> None:
    rotations.begin("openai", "vault:shared", "shared", Detail())
    with pytest.raises(UsageError, match="is running since begun") as refused:
        rotations.begin("another", "vault:shared", "shared", Detail())
    assert "rotate-key openai --resume" in refused.value.next_step
    rotations.begin("openai", "vault:other", "other", Detail())


def test_what_is_over_stands_in_nobodys_way(rotations: ProviderRotations) -> None:
    for state in ("done", "rolled-back"):
        begun = rotations.begin("openai", "vault:a", "a", Detail())
        rotations.note(begun, "finished", state)  # type: ignore[arg-type]
    assert rotations.standing("a") is None


def test_one_that_failed_stands_until_somebody_has_looked_at_it(rotations: ProviderRotations) -> None:
    begun = rotations.begin("openai", "vault:a", "a", Detail())
    rotations.note(begun, "drained", "failed", failure="it said no", next_step="ask it")
    assert [each.id for each in rotations.unfinished()] == [begun.id]
    with pytest.raises(UsageError, match="is failed since drained"):
        rotations.begin("openai", "vault:a", "a", Detail())
    reopened = rotations.reopen(begun.id, keep_old=True)
    assert (reopened.state, reopened.detail.keep_old, reopened.detail.failure) == ("running", True, None)


def test_each_step_is_in_the_audit_trail_with_both_versions_and_the_same_rotation(
    store: ControlStore, rotations: ProviderRotations
) -> None:
    store.note_provider_key("a")
    begun = rotations.begin("openai", "vault:a", "a", Detail(mint=True))
    kept = rotations.note(begun, "stored", minted_id="key_1")
    switched = rotations.note_switched(rotations.claim_switch(rotations.note(kept, "probed")))
    rotations.note(switched, "finished", "done")
    entries = [entry for entry in reversed(store.audit_entries()) if entry.action == "provider_key.rotate"]
    told = [entry.after for entry in entries if entry.after]
    assert [after["step"] for after in told] == ["begun", "stored", "probed", "switching", "switched", "finished"]
    assert {after["rotation"] for after in told} == {begun.id}
    assert [after["version"] for after in told] == [None] * 4 + [2] * 2
    assert {entry.before["version"] for entry in entries if entry.before} == {1}
    assert {entry.target for entry in entries} == {"a"}


def test_a_rollback_counts_as_failed_in_the_trail(store: ControlStore, rotations: ProviderRotations) -> None:
    rotations.note(rotations.begin("openai", "vault:a", "a", Detail()), "begun", "rolled-back", rolls_back=True)
    assert store.audit_entries()[0].result == "failed"


def test_a_change_that_is_no_step_is_kept_but_not_told(store: ControlStore, rotations: ProviderRotations) -> None:
    begun = rotations.begin("openai", "vault:a", "a", Detail())
    before = len(store.audit_entries())
    learnt = rotations.learn(begun, calls_left=3, awaiting="3 calls end")
    assert rotations.get(begun.id) == learnt
    assert rotations.learn(learnt, calls_left=3) is learnt
    assert len(store.audit_entries()) == before


def test_steps_have_their_times(rotations: ProviderRotations) -> None:
    begun = rotations.begin("openai", "vault:a", "a", Detail())
    probed = rotations.note(rotations.note(begun, "stored"), "probed")
    assert list(probed.detail.steps) == ["begun", "stored", "probed"]
    assert sorted(probed.detail.steps.values()) == list(probed.detail.steps.values())


def test_who_cancels_comes_before_the_switch_or_is_refused(rotations: ProviderRotations) -> None:
    early = rotations.begin("openai", "vault:a", "a", Detail())
    assert rotations.cancel(early.id).cancel_by == "alice"
    assert rotations.claim_switch(early).step == "begun", "whoever switches sees it"
    late = rotations.begin("openai", "vault:b", "b", Detail())
    assert rotations.claim_switch(late).step == "switching"
    with pytest.raises(UsageError, match="in its switch"):
        rotations.cancel(late.id)
    rotations.note(late, "switching", "failed")
    assert rotations.cancel(late.id).cancel_by == "alice", "the vault tells which key is in force"
    rotations.note_switched(late)
    with pytest.raises(UsageError, match="past its switch"):
        rotations.cancel(late.id)


def test_a_cancel_is_not_lost_under_a_note_that_was_on_its_way(rotations: ProviderRotations) -> None:
    begun = rotations.begin("openai", "vault:a", "a", Detail())
    rotations.cancel(begun.id)
    assert rotations.note(begun, "stored").cancel_by == "alice"


def test_the_switch_is_one_version_more(store: ControlStore, rotations: ProviderRotations) -> None:
    store.note_provider_key("a")
    store.note_provider_key("a")
    rotations.note_switched(rotations.begin("openai", "vault:a", "a", Detail()))
    assert rotations.version("a") == 3
    assert rotations.version("never set") is None


def test_what_the_provider_calls_the_secret_in_the_vault_is_known_as_long_as_it_is_there(
    store: ControlStore, rotations: ProviderRotations
) -> None:
    begun = rotations.begin("openai", "vault:a", "a", Detail(mint=True))
    switched = rotations.note_switched(rotations.note(begun, "minted", minted_id="key_7"))
    rotations.note(switched, "finished", "done")

    def old_id() -> str | None:
        claimed = rotations.claim_switch(rotations.begin("openai", "vault:a", "a", Detail()))
        rotations.abandon(claimed.id, "")
        return claimed.detail.old_id

    assert old_id() == "key_7"
    store.note_provider_key("a")
    assert old_id() is None


def test_a_secret_that_was_set_meanwhile_is_not_switched_away(
    store: ControlStore, rotations: ProviderRotations
) -> None:
    store.note_provider_key("a")
    begun = rotations.begin("openai", "vault:a", "a", Detail())
    assert (begun.detail.version_old, begun.detail.set_by_old) == (1, "alice")
    store.note_provider_key("a")
    with pytest.raises(UsageError, match="vault:a was set by hand meanwhile"):
        rotations.claim_switch(begun)
    assert rotations.get(begun.id).step == "begun"


@pytest.mark.parametrize("drain_us", [-5, 2**58])
def test_no_rotation_drains_for_ever_or_less_than_nothing(drain_us: int, rotations: ProviderRotations) -> None:
    with pytest.raises(UsageError, match="cannot be waited for"):
        rotations.begin("openai", "vault:a", "a", Detail(drain_us=drain_us))
    assert rotations.latest() == []


def test_one_that_was_given_up_is_over_for_whoever_still_works_at_it(
    store: ControlStore, rotations: ProviderRotations
) -> None:
    begun = rotations.begin("openai", "vault:a", "a", Detail())
    given_up = rotations.abandon(begun.id, "a key at openai")
    assert (given_up.state, given_up.detail.next_step) == ("abandoned", "a key at openai")
    entry = store.audit_entries()[0]
    assert entry.after
    assert (entry.action, entry.after["state"], entry.after["abandoned_by"]) == (
        *("provider_key.rotate", "abandoned", "alice"),
    )
    with pytest.raises(RotationOver):
        rotations.note(begun, "stored")
    with pytest.raises(RotationOver):
        rotations.claim_switch(begun)
    assert rotations.standing("a") is None
    with pytest.raises(UsageError, match="is over: abandoned"):
        rotations.abandon(begun.id, "")


def test_a_secret_that_was_never_noted_is_as_old_as_its_first_sight(
    store: ControlStore, rotations: ProviderRotations
) -> None:
    rotations.note_first_seen("a")
    (first,) = store.provider_keys()
    rotations.note_first_seen("a")
    assert store.provider_keys() == [first]
    begun = rotations.begin("openai", "vault:b", "b", Detail())
    rotations.note_first_seen("b")
    assert rotations.claim_switch(begun).step == "switching", "what is rotated is left alone"


def test_the_newest_come_first_and_those_that_run_are_found(rotations: ProviderRotations) -> None:
    first = rotations.begin("openai", "vault:a", "a", Detail())
    second = rotations.begin("openai", "vault:b", "b", Detail())
    assert [each.id for each in rotations.latest()] == [second.id, first.id]
    assert [each.id for each in rotations.latest(1)] == [second.id]
    rotations.note(first, "finished", "done")
    assert [each.id for each in rotations.unfinished()] == [second.id]
    assert (rotations.last("a"), rotations.last("c")) == (rotations.get(first.id), None)
    with pytest.raises(NotFound):
        rotations.get("rot_nothing")


def test_what_is_over_is_neither_reopened_nor_cancelled(rotations: ProviderRotations) -> None:
    done = rotations.note(rotations.begin("openai", "vault:a", "a", Detail()), "finished", "done")
    for change in (rotations.reopen, rotations.cancel):
        with pytest.raises(UsageError, match="is over: done"):
            change(done.id)
