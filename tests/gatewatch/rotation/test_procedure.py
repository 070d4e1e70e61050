"""A rotation from its beginning to its end, from wherever a process died, and back where the new key is none."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.provider_rotations import ProviderRotations
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotFound, UsageError
from gatewatch.rotation import procedure
from gatewatch.rotation.parts import ProbeFailed
from gatewatch.vault.interface import VaultError
from tests.kit.rotation_stage import Died, Disk, Fate, Stage
from tests.kit.waiting import until

LIKELY_ENOUGH = 60
"""More deeds than a rotation has."""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between tries."""
    monkeypatch.setattr(procedure, "TRY_AGAIN_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(procedure, "LATE_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(procedure, "PAUSE_SECONDS", 0.001)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


@pytest.fixture
def stage(disk: Disk) -> Iterator[Stage]:
    stage = Stage(disk)
    yield stage
    stage.close()


async def test_minted_stored_probed_switched_drained_revoked(stage: Stage, disk: Disk) -> None:
    ended = await stage.run(stage.begin())
    assert (ended.state, ended.step) == ("done", "finished")
    assert disk.entries == {"openai": "new-secret-1"}
    assert disk.keys == {"id-1": "new-secret-1"}
    assert list(ended.detail.steps) == [
        *("begun", "minted", "stored", "probed", "switching", "switched", "taken", "drained", "revoked", "finished"),
    ]
    told = [entry for entry in reversed(stage.store.audit_entries()) if entry.action == "provider_key.rotate"]
    assert [entry.after["step"] for entry in told if entry.after] == list(ended.detail.steps)
    assert {entry.actor for entry in told} == {"alice"}
    assert (ended.detail.version_new, stage.rotations.version("openai")) == (1, 1)


async def test_a_pasted_key_takes_the_place_of_the_old_one(stage: Stage, disk: Disk) -> None:
    disk.keys["id-pasted"] = "pasted"
    begun = stage.procedure(stage.begin(mint=False))
    begun.put("pasted")
    assert (await begun.run()).state == "done"
    assert disk.entries == {"openai": "pasted"}
    assert disk.keys == {"id-pasted": "pasted"}


async def test_nothing_is_used_that_was_not_tried(stage: Stage, disk: Disk) -> None:
    stage.provider.refuses = ProbeFailed("it says 401")
    ended = await stage.run(stage.begin())
    assert (ended.state, ended.detail.failure) == ("rolled-back", "it says 401")
    assert disk.entries == {"openai": "old-secret"}
    assert disk.keys == {"id-old": "old-secret"}, "the minted key was ended again"
    assert stage.fleet.refreshed == 0


async def test_a_provider_whose_new_keys_settle_slowly_is_asked_for_longer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(procedure, "SETTLING_SECONDS", 0.001)
    monkeypatch.setattr(stage.provider, "settling", 0.05)
    stage.provider.refuses = ProbeFailed("it says 401")
    assert (await stage.run(stage.begin())).state == "rolled-back"
    assert len(stage.provider.probed) == 1 + 2 + 50


async def test_a_provider_that_is_slow_to_know_its_new_key_is_asked_again(stage: Stage) -> None:
    begun = stage.procedure(stage.begin())
    stage.provider.refuses = ProbeFailed("not yet", for_now=True)
    running = asyncio.create_task(begun.run())
    await until(lambda: stage.provider.probed)
    stage.provider.refuses = None
    assert (await running).state == "done"
    assert len(stage.provider.probed) > 1


async def test_a_pasted_key_that_is_refused_is_refused_once(stage: Stage) -> None:
    stage.provider.refuses = ProbeFailed("401")
    begun = stage.procedure(stage.begin(mint=False))
    begun.put("pasted")
    assert (await begun.run()).state == "rolled-back"
    assert stage.provider.probed == ["pasted"]


async def test_what_cannot_be_cleaned_up_stands_until_it_is(stage: Stage, disk: Disk) -> None:
    stage.provider.refuses, stage.provider.broken = ProbeFailed("401"), {"revoke"}
    ended = await stage.run(stage.begin())
    assert (ended.state, ended.detail.failure) == ("failed", "401")
    assert "the new key (called id-1 there) may be left: look for it, and end it at example.com" in (
        ended.detail.next_step or ""
    )
    assert disk.entries["openai"] == "old-secret"
    with pytest.raises(UsageError, match="is failed since stored"):
        stage.begin()
    stage.provider.broken = set()
    ended = await stage.run(stage.rotations.reopen(ended.id))
    assert (ended.state, ended.detail.failure) == ("rolled-back", "401")
    assert (disk.entries, disk.keys) == ({"openai": "old-secret"}, {"id-old": "old-secret"})


async def test_a_clean_up_is_not_given_up_for_one_bad_answer(stage: Stage, disk: Disk) -> None:
    stage.provider.refuses, stage.provider.hiccups = ProbeFailed("401"), ["revoke"]
    assert (await stage.run(stage.begin())).state == "rolled-back"
    assert disk.keys == {"id-old": "old-secret"}


async def test_a_key_that_was_made_after_all_is_found_by_its_name_and_ended(stage: Stage, disk: Disk) -> None:
    stage.provider.late = []
    begun = stage.procedure(stage.begin())
    look, looks = stage.provider.named, 0

    async def named(name: str) -> list[str]:
        nonlocal looks
        looks += 1
        if looks == 3:
            stage.provider.land()
        return await look(name)

    stage.provider.named = named  # type: ignore[method-assign]
    assert (await begun.run()).state == "rolled-back"
    assert (disk.made, disk.keys) == (1, {"id-old": "old-secret"})


async def test_a_key_that_may_still_be_made_stands_with_the_name_to_look_for(stage: Stage, disk: Disk) -> None:
    stage.provider.late = []
    ended = await stage.run(stage.begin())
    assert (ended.state, ended.detail.failure) == ("failed", "no answer within 20 seconds")
    assert f" or later, as {ended.id}) may be left: look for it, and end it at" in (ended.detail.next_step or "")
    stage.provider.land()
    assert (await stage.run(stage.rotations.reopen(ended.id))).state == "rolled-back"
    assert (disk.made, disk.keys) == (1, {"id-old": "old-secret"})


async def test_a_provider_that_says_no_has_made_no_key(stage: Stage) -> None:
    stage.provider.broken = {"mint"}
    ended = await stage.run(stage.begin())
    assert (ended.state, ended.detail.failure, ended.detail.asked_at) == ("rolled-back", "cannot mint", None)


async def test_a_provider_that_does_not_answer_is_not_the_new_keys_fault(stage: Stage, disk: Disk) -> None:
    disk.keys["id-pasted"] = "pasted"
    stage.provider.refuses = ProbeFailed("it answered 503", for_now=True)
    begun = stage.procedure(stage.begin(mint=False))
    begun.put("pasted")
    ended = await begun.run()
    assert ended.state == "rolled-back"
    assert ended.detail.failure == ("the new key could not be tried, which is not the key's fault: it answered 503")
    assert stage.provider.probed == ["pasted"] * 3


async def test_an_old_key_that_the_provider_cannot_end_is_told_to_the_operator(stage: Stage, disk: Disk) -> None:
    stage.maker = None
    stage.store.note_provider_key("openai")
    disk.keys["id-pasted"] = "pasted"
    begun = stage.procedure(stage.begin(mint=False))
    begun.put("pasted")
    ended = await begun.run()
    assert (ended.state, ended.detail.revoked) == ("done", False)
    told = ended.detail.next_step or ""
    assert told.startswith("end the old key (version 1 here, set 20"), "which one, without a part of it"
    assert told.endswith(" by alice) at example.com")
    assert disk.entries == {"openai": "pasted"}, "it leaves the vault all the same"


async def test_an_old_key_that_is_to_be_kept_is_kept(stage: Stage, disk: Disk) -> None:
    ended = await stage.run(stage.begin(keep_old=True))
    assert (ended.state, ended.detail.revoked) == ("done", None)
    assert disk.entries == {"openai": "new-secret-1", "gatewatch/old/openai": "old-secret"}
    assert disk.keys.keys() == {"id-old", "id-1"}


async def test_the_provider_is_told_by_id_which_minted_key_is_the_old_one(stage: Stage, disk: Disk) -> None:
    """Where lists do not tell keys apart, we know what we had made."""
    await stage.run(stage.begin())
    stage.provider.broken = {"identify"}
    ended = await stage.run(stage.begin())
    assert (ended.state, ended.detail.old_id) == ("done", "id-1")
    assert disk.keys == {"id-2": "new-secret-2"}


async def test_the_old_key_lives_as_long_as_calls_that_began_with_it(stage: Stage, disk: Disk) -> None:
    stage.fleet.in_flight = 2
    begun = stage.procedure(stage.begin())
    running = asyncio.create_task(begun.run())
    await until(lambda: begun.rotation.detail.calls_left == 2)
    stage.fleet.late = [4711]
    stage.fleet.in_flight = 0
    await until(lambda: begun.rotation.detail.calls_left == 1)
    assert "id-old" in disk.keys, "a worker that has not reported since may have a call"
    stage.fleet.late = []
    assert (await running).detail.calls_left == 0
    assert "id-old" not in disk.keys


async def test_a_drain_has_an_end(stage: Stage, disk: Disk) -> None:
    stage.fleet.in_flight = 3
    ended = await stage.run(stage.begin(drain_us=0))
    assert (ended.state, ended.detail.calls_left) == ("done", 3)
    assert "id-old" not in disk.keys


async def test_no_old_key_is_ended_before_every_worker_has_the_new_one(
    stage: Stage, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(procedure, "TAKE_SECONDS", 0.05)
    stage.fleet.late = [4711]
    ended = await stage.run(stage.begin())
    assert (ended.state, ended.step) == ("failed", "switched")
    assert "4711" in (ended.detail.failure or "")
    assert "id-old" in disk.keys
    stage.fleet.late = []
    assert (await stage.run(stage.rotations.reopen(ended.id))).state == "done"
    assert "id-old" not in disk.keys


async def test_a_gateway_that_does_not_take_new_settings_says_why(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(procedure, "TAKE_SECONDS", 0.05)
    stage.fleet.takes = False
    ended = await stage.run(stage.begin())
    assert ended.state == "failed"
    assert "the file is broken" in (ended.detail.failure or "")


async def test_a_revocation_that_fails_waits_for_the_operator_who_may_spare_the_old_key(
    stage: Stage, disk: Disk
) -> None:
    stage.provider.broken = {"revoke"}
    begun = stage.begin()
    ended = await stage.run(begun)
    assert (ended.state, ended.step, ended.detail.failure) == ("failed", "drained", "cannot revoke")
    assert disk.entries["gatewatch/old/openai"] == "old-secret"
    with pytest.raises(UsageError, match="is failed since drained"):
        stage.begin()
    spared = await stage.run(stage.rotations.reopen(begun.id, keep_old=True))
    assert spared.state == "done"
    assert "id-old" in disk.keys


async def test_cancelling_before_the_switch_rolls_back(stage: Stage, disk: Disk) -> None:
    begun = stage.begin()
    stage.rotations.cancel(begun.id)
    ended = await stage.run(begun)
    assert (ended.state, ended.detail.failure) == ("rolled-back", "cancelled by alice")
    assert disk.entries == {"openai": "old-secret"}
    assert disk.keys == {"id-old": "old-secret"}


async def test_cancelling_while_the_key_is_tried_comes_before_the_switch(stage: Stage, disk: Disk) -> None:
    begun = stage.procedure(stage.begin())
    stage.provider.refuses = ProbeFailed("not yet", for_now=True)
    running = asyncio.create_task(begun.run())
    await until(lambda: stage.provider.probed)
    stage.rotations.cancel(begun.rotation.id)
    stage.provider.refuses = None
    assert (await running).state == "rolled-back"
    assert disk.entries == {"openai": "old-secret"}


async def test_nothing_is_cancelled_after_the_switch(stage: Stage) -> None:
    ended = await stage.run(stage.begin())
    with pytest.raises(UsageError, match="is over: done"):
        stage.rotations.cancel(ended.id)


async def test_a_vault_that_is_full_at_the_switch_leaves_the_old_key_in_force(
    stage: Stage, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_to_set(stage, monkeypatch, "gatewatch/old/openai")
    ended = await stage.run(stage.begin())
    assert (ended.state, ended.detail.failure) == ("rolled-back", "no space left")
    assert (disk.entries, disk.keys) == ({"openai": "old-secret"}, {"id-old": "old-secret"})


async def test_a_switch_that_failed_is_cancelled_while_the_old_key_is_in_force(
    stage: Stage, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_to_set(stage, monkeypatch, "openai")
    ended = await stage.run(stage.begin())
    assert (ended.state, ended.step, ended.detail.failure) == ("failed", "switching", "no space left")
    stage.rotations.cancel(ended.id)
    ended = await stage.run(stage.rotations.reopen(ended.id))
    assert (ended.state, ended.detail.failure) == ("rolled-back", "cancelled by alice")
    assert (disk.entries, disk.keys) == ({"openai": "old-secret"}, {"id-old": "old-secret"})


async def test_a_cancel_after_the_vault_has_the_new_key_ends_no_key(
    stage: Stage, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_to_set(stage, monkeypatch, "openai")
    ended = await stage.run(stage.begin())
    disk.entries["openai"] = "new-secret-1"
    stage.rotations.cancel(ended.id)
    ended = await stage.run(stage.rotations.reopen(ended.id))
    assert (ended.state, ended.detail.keep_old) == ("done", True)
    assert disk.keys.keys() == {"id-old", "id-1"}


async def test_a_new_key_that_is_lost_in_the_switch_is_rolled_back(stage: Stage, disk: Disk) -> None:
    begun = await at_its_switch(stage)
    del disk.entries["gatewatch/next/openai"]
    ended = await begun.run()
    assert (ended.state, ended.detail.failure) == ("rolled-back", "the vault has lost the new key")
    assert (disk.entries, disk.keys) == ({"openai": "old-secret"}, {"id-old": "old-secret"})
    assert (await stage.run(stage.begin())).state == "done"


async def test_of_a_vault_that_is_lost_in_the_switch_only_giving_up_is_left_and_no_key_is_ended(
    stage: Stage, disk: Disk
) -> None:
    begun = await at_its_switch(stage)
    disk.entries.clear()
    disk.entries["openai"] = "set-past-us"
    for _ in range(2):
        ended = await begun.run()
        assert (ended.state, ended.step) == ("failed", "switching")
        assert "--abandon" in (ended.detail.next_step or "")
        stage.rotations.cancel(ended.id)
        begun = stage.procedure(stage.rotations.reopen(ended.id))
    assert disk.keys.keys() == {"id-old", "id-1"}
    stage.rotations.abandon(ended.id, "")
    assert (await begun.run()).state == "abandoned"
    assert disk.entries == {"openai": "set-past-us"}


async def test_a_key_that_was_set_by_hand_meanwhile_stays_and_the_new_one_is_ended(stage: Stage, disk: Disk) -> None:
    await stage.run(stage.begin())
    begun = stage.procedure(stage.begin())
    disk.entries["openai"] = disk.keys["id-operator"] = "the-operators-own"
    stage.store.note_provider_key("openai")
    ended = await begun.run()
    assert (ended.state, ended.detail.revoked) == ("rolled-back", None)
    assert "set by hand meanwhile" in (ended.detail.failure or "")
    assert disk.entries == {"openai": "the-operators-own"}
    assert disk.keys.keys() == {"id-1", "id-operator"}
    ended = await stage.run(stage.begin())
    assert ended.detail.old_id == "id-operator", "not the one that was made for an earlier version"


async def test_one_that_is_given_up_while_it_runs_is_not_gone_on_with(stage: Stage, disk: Disk) -> None:
    begun = stage.procedure(stage.begin())
    stage.provider.refuses = ProbeFailed("not yet", for_now=True)
    running = asyncio.create_task(begun.run())
    await until(lambda: stage.provider.probed)
    stage.rotations.abandon(begun.rotation.id, "")
    stage.provider.refuses = None
    assert (await running).state == "abandoned"
    assert disk.entries["openai"] == "old-secret"


async def test_a_key_that_the_configuration_knows_no_more_is_rolled_back_before_the_switch(
    stage: Stage, disk: Disk
) -> None:
    stage.gone = NotFound("no provider is configured with vault:openai any more", "put it back")
    begun = stage.procedure(stage.begin(mint=False))
    begun.put("pasted")
    ended = await begun.run()
    assert (ended.state, ended.detail.failure) == ("rolled-back", stage.gone.title)
    assert disk.entries == {"openai": "old-secret"}


async def test_a_key_that_the_configuration_knows_no_more_after_the_switch_waits_for_it(
    stage: Stage, disk: Disk
) -> None:
    begun = await at_its_switch(stage)
    await begun._next()
    stage.gone = NotFound("no provider is configured with vault:openai any more", "put it back")
    ended = await stage.run(begun.rotation)
    assert (ended.state, ended.step, ended.detail.next_step) == ("failed", "switched", "put it back")
    assert "id-old" in disk.keys
    stage.gone = None
    assert (await stage.run(stage.rotations.reopen(ended.id))).state == "done"


async def at_its_switch(stage: Stage) -> procedure.Procedure:
    """A rotation that says that it switches, and has not yet."""
    begun = stage.procedure(stage.begin())
    while begun.rotation.step != "switching":
        await begun._next()
    return begun


def refuse_to_set(stage: Stage, monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    put = stage.vault.set

    def refusing(name: str, secret: str) -> None:
        if name == entry:
            raise VaultError("no space left", "make some")
        put(name, secret)

    monkeypatch.setattr(stage.vault, "set", refusing)


async def test_a_vault_that_cannot_be_written_ends_it_before_a_key_is_made(
    stage: Stage, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise VaultError("it is read-only", "write it elsewhere")

    begun = stage.procedure(stage.begin())
    monkeypatch.setattr(stage.vault, "delete", refuses)
    assert (await begun.run()).state == "failed"
    assert disk.made == 0
    monkeypatch.undo()


async def test_a_defect_of_ours_ends_in_words(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = stage.procedure(stage.begin())
    monkeypatch.setattr(stage.provider, "probe", None)
    ended = await begun.run()
    assert (ended.state, ended.detail.failure) == ("rolled-back", "a defect of ours: TypeError")


@pytest.mark.parametrize("probe_fails", [False, True], ids=["done", "rolled back"])
@pytest.mark.parametrize("mint", [True, False], ids=["minted", "pasted"])
async def test_a_process_that_dies_at_any_deed_is_followed_by_one_that_goes_on(
    mint: bool, probe_fails: bool, tmp_path: Path
) -> None:
    for deadly in range(1, LIKELY_ENOUGH):
        disk = Disk(tmp_path / str(deadly))
        disk.control.parent.mkdir()
        died = await dies(disk, deadly, mint=mint, probe_fails=probe_fails)
        await lives_on(disk, probe_fails=probe_fails)
        if not died:
            break
    assert not died, "there are more deeds than this test looks at"
    assert deadly > (12 if mint else 8)


async def dies(disk: Disk, deadly: int, *, mint: bool, probe_fails: bool) -> bool:
    """Whether this was deadly."""
    ControlStore.open(disk.control).close()
    fate = Fate(deadly)
    stage = Stage(disk, fate)
    if not mint:
        disk.keys["id-pasted"] = "pasted"
    stage.provider.refuses = ProbeFailed("401") if probe_fails else None
    try:
        begun = stage.procedure(stage.begin(mint=mint))
        if not mint:
            begun.put("pasted")
        await begun.run()
    except Died:
        return True
    finally:
        stage.close()
    return False


async def lives_on(disk: Disk, *, probe_fails: bool) -> None:
    """The next process ends it, and nothing is left over."""
    stage = Stage(disk)
    try:
        stage.provider.refuses = ProbeFailed("401") if probe_fails else None
        for rotation in ProviderRotations(stage.store).unfinished():
            await stage.run(rotation)
        latest = ProviderRotations(stage.store).latest()
    finally:
        stage.close()
    assert disk.entries.keys() == {"openai"}, "an entry of the rotation was left behind"
    in_use = disk.entries["openai"]
    assert in_use in disk.keys.values(), "the key in use does not work"
    if not latest:
        return
    (rotation,) = latest
    assert rotation.state in ("done", "rolled-back")
    assert (in_use == "old-secret") is (rotation.state == "rolled-back")
    minted = {id for id in disk.keys if id not in ("id-old", "id-pasted")}
    if rotation.state == "done":
        assert "id-old" not in disk.keys
        assert minted <= {id for id, secret in disk.keys.items() if secret == in_use}, "a minted key was left over"
    else:
        assert minted == set(), "a minted key was left over"
