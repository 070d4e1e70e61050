"""How long a worker leaves a key alone, who may try it again, and what it tells the control process."""

from typing import Any

import msgspec
import pytest

from gatewatch.control.key_hold import KeyHold
from proxy.settings import ProviderKey
from proxy.worker.key_fault import KeyFault
from proxy.worker.quarantine import MOST_MODELS, KeyTry, Quarantine, encoded

KEY = ProviderKey(id="main", secret="sk-1", version="v1")
REFUSED = KeyFault("refused", "401")
NO_ACCESS = KeyFault("refused", "403", for_model=True)
START = 1_790_000_000_000_000


class Desk:
    """A quarantine with two clocks: the one that only rises, and the wall's."""

    def __init__(self) -> None:
        self.monotonic, self.wall = 0.0, START
        self.quarantine = Quarantine(lambda: self.monotonic, lambda: self.wall)

    def later(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall += int(seconds * 1_000_000)

    def standing(self, model: str = "m", key: ProviderKey = KEY) -> str:
        return self.quarantine.standing("openai", key, model)

    def fail(self, fault: KeyFault = REFUSED, model: str = "m", *, again: bool = False) -> None:
        self.quarantine.failed("openai", KEY, model, fault, again=again)

    def try_again(self) -> bool:
        return self.quarantine.try_again("openai", KEY, "m")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def hold(**fields: Any) -> KeyHold:
    made = KeyHold(
        provider="openai",
        key_id="main",
        version="v1",
        kind="refused",
        reason="401",
        since=START,
        until=START + 60_000_000,
    )
    return msgspec.structs.replace(made, **fields)


def test_a_key_is_free_until_it_fails_then_held_for_a_minute(desk: Desk) -> None:
    assert desk.standing() == "free"
    desk.fail()
    assert desk.standing() == "held"
    desk.later(59)
    assert desk.standing() == "held"
    desk.later(1)
    assert desk.standing() == "due"


def test_one_call_at_a_time_tries_it_again(desk: Desk) -> None:
    desk.fail()
    desk.later(60)
    assert desk.try_again()
    assert desk.standing() == "held"


def test_a_try_that_goes_well_frees_it_and_is_told(desk: Desk) -> None:
    desk.fail()
    desk.quarantine.take_faults()
    desk.later(60)
    desk.try_again()
    desk.quarantine.went_well("openai", KEY, "m")
    assert desk.standing() == "free"
    assert not desk.quarantine.held
    assert [each.place for each in desk.quarantine.take_lifted()] == [("openai", "main", "")]
    assert desk.quarantine.take_lifted() == []


def test_each_try_that_fails_doubles_the_wait_up_to_an_hour(desk: Desk) -> None:
    desk.fail()
    for wait in (60, 120, 240, 480, 960, 1920, 3600, 3600):
        desk.later(wait - 1)
        assert desk.standing() == "held"
        desk.later(1)
        assert desk.standing() == "due"
        desk.try_again()
        desk.fail(again=True)
    (told,) = desk.quarantine.take_faults()
    assert (told.failures, told.since) == (9, START)


def test_calls_that_were_under_way_do_not_make_it_worse(desk: Desk) -> None:
    desk.fail()
    desk.later(1)
    desk.fail()
    (told,) = desk.quarantine.take_faults()
    assert (told.failures, told.until) == (1, START + 60_000_000)


def test_a_try_that_shows_nothing_is_followed_by_another_a_little_later(desk: Desk) -> None:
    desk.fail()
    desk.later(60)
    desk.try_again()
    desk.quarantine.undecided("openai", KEY, "m")
    assert desk.standing() == "held"
    desk.later(5)
    assert desk.standing() == "due"


def test_a_request_that_was_faulty_itself_costs_the_key_no_further_wait(desk: Desk) -> None:
    desk.fail()
    desk.later(60)
    desk.try_again()
    desk.quarantine.undecided("openai", KEY, "m", at_once=True)
    assert desk.standing() == "due"


def test_where_no_key_is_left_the_pauses_begin_with_a_second_and_double_up_to_an_hour(desk: Desk) -> None:
    desk.fail()
    desk.quarantine.none_left("openai", [KEY], "m", KEY)
    for wait in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600):
        desk.later(wait - 0.5)
        assert desk.standing() == "held", wait
        desk.later(0.5)
        assert desk.standing() == "due", wait
        desk.try_again()
        desk.fail(again=True)
        desk.quarantine.none_left("openai", [KEY], "m", KEY)


def test_keys_that_failed_together_are_tried_together_and_those_that_failed_long_ago_are_not(desk: Desk) -> None:
    old, same = (msgspec.structs.replace(KEY, id=id) for id in ("old", "same"))
    desk.quarantine.failed("openai", old, "m", REFUSED, again=False)
    desk.later(20)
    desk.quarantine.failed("openai", same, "m", REFUSED, again=False)
    desk.later(3)
    desk.fail()
    desk.quarantine.none_left("openai", [old, same, KEY], "m", KEY)
    desk.later(1)
    assert [desk.standing(key=key) for key in (old, same, KEY)] == ["held", "due", "due"]
    told = {hold.key_id: hold.until for hold in desk.quarantine.take_faults()}
    assert told == {"old": START + 60_000_000, "same": START + 24_000_000, "main": START + 24_000_000}


def test_a_provider_that_is_unwell_twice_within_a_minute_is_back_soon_both_times(desk: Desk) -> None:
    other = msgspec.structs.replace(KEY, id="other")
    for again_after in (1, 2, 4):
        desk.quarantine.failed("openai", other, "m", REFUSED, again=False)
        desk.fail()
        desk.quarantine.none_left("openai", [other, KEY], "m", KEY)
        desk.later(again_after)
        for key in (other, KEY):
            assert desk.standing(key=key) == "due"
            desk.quarantine.try_again("openai", key, "m")
            desk.quarantine.went_well("openai", key, "m")
        desk.later(5)


def test_a_quota_of_the_day_is_not_asked_for_every_second(desk: Desk) -> None:
    desk.fail(KeyFault("exhausted", "the quota of the day", True, 7200.0))
    desk.quarantine.none_left("openai", [KEY], "m", KEY)
    desk.later(3600)
    assert desk.standing() == "held"


def test_a_key_that_fails_again_soon_after_it_was_found_good_goes_on_from_where_it_was(desk: Desk) -> None:
    desk.fail()
    for wait in (60, 120, 240):
        desk.later(wait)
        desk.try_again()
        desk.quarantine.went_well("openai", KEY, "m")
        desk.later(1)
        desk.fail()
    (told,) = desk.quarantine.take_faults()
    assert (told.failures, told.since) == (4, START)


def test_a_key_that_was_good_for_long_begins_anew(desk: Desk) -> None:
    desk.fail()
    desk.later(60)
    desk.try_again()
    desk.quarantine.went_well("openai", KEY, "m")
    desk.later(61)
    desk.fail()
    (told,) = desk.quarantine.take_faults()
    assert told.failures == 1


def test_what_a_call_finds_out_counts_once(desk: Desk) -> None:
    desk.fail()
    desk.later(60)
    use = KeyTry(desk.quarantine, "openai", KEY, "m")
    use.failed(REFUSED)
    use.went_well()
    use.end()
    assert desk.standing() == "held"
    (told,) = desk.quarantine.take_faults()
    assert told.failures == 2


def test_a_shorter_pause_that_another_worker_found_is_taken_and_turns_are_shorter_too(desk: Desk) -> None:
    desk.quarantine.replace([hold()])
    desk.quarantine.replace([hold(until=START + 1_000_000)], patience=5.0)
    desk.later(1.9)
    assert desk.standing() == "held"
    desk.later(0.1)
    assert desk.standing() == "due"


def test_a_key_without_access_to_a_model_serves_the_others(desk: Desk) -> None:
    desk.fail(NO_ACCESS, "gpt-4o")
    assert desk.standing("gpt-4o") == "held"
    assert desk.standing("gpt-4o-mini") == "free"
    assert [each.model for each in desk.quarantine.take_faults()] == ["gpt-4o"]


def test_callers_who_make_up_models_fill_no_memory(desk: Desk) -> None:
    for number in range(1000):
        desk.fail(NO_ACCESS, f"made-up-{number}")
    assert len(desk.quarantine.take_faults()) == MOST_MODELS
    desk.fail()
    assert desk.standing("another") == "held"


def test_what_a_provider_says_about_its_quota_of_the_day_is_waited_for(desk: Desk) -> None:
    desk.fail(KeyFault("exhausted", "the quota of the day", True, 7200.0))
    (told,) = desk.quarantine.take_faults()
    assert told.until == START + 7_200_000_000
    desk.later(3601)
    assert desk.standing() == "held"


def test_a_new_secret_is_free_at_once(desk: Desk) -> None:
    desk.fail()
    new = msgspec.structs.replace(KEY, secret="sk-2", version="v2")
    assert desk.standing(key=new) == "free"
    desk.quarantine.failed("openai", new, "m", REFUSED, again=False)
    assert desk.standing(key=new) == "held"
    assert [each.version for each in desk.quarantine.take_faults()] == ["v2"]


# the control process


def test_what_others_found_out_holds_here_too(desk: Desk) -> None:
    desk.quarantine.replace([hold()])
    assert desk.standing() == "held"
    assert desk.quarantine.take_faults() == []
    desk.quarantine.replace([])
    assert desk.standing() == "free"


def test_workers_try_one_after_the_other(desk: Desk) -> None:
    desk.quarantine.replace([hold()], patience=5.0)
    desk.later(64)
    assert desk.standing() == "held"
    desk.later(1)
    assert desk.standing() == "due"


def test_the_worker_that_found_out_waits_for_its_turn_too(desk: Desk) -> None:
    desk.fail()
    desk.quarantine.replace(desk.quarantine.take_faults(), patience=5.0)
    desk.later(60)
    assert desk.standing() == "held"
    desk.later(5)
    assert desk.standing() == "due"


def test_what_was_not_told_yet_is_not_lost_to_an_older_word(desk: Desk) -> None:
    desk.fail()
    desk.quarantine.replace([])
    assert desk.standing() == "held"
    assert len(desk.quarantine.take_faults()) == 1


def test_a_key_that_proved_good_is_not_held_again_by_an_older_word(desk: Desk) -> None:
    desk.quarantine.replace([hold(until=START)])
    assert desk.try_again()
    desk.quarantine.went_well("openai", KEY, "m")
    desk.quarantine.replace([hold(until=START)])
    assert desk.standing() == "free"


def test_a_word_that_is_known_does_not_disturb_a_try(desk: Desk) -> None:
    desk.quarantine.replace([hold(until=START)])
    desk.try_again()
    desk.quarantine.replace([hold(until=START)])
    assert desk.standing() == "held"


def test_a_walls_clock_that_jumps_holds_nothing_for_longer_than_a_day(desk: Desk) -> None:
    desk.wall -= 400 * 86_400_000_000
    desk.quarantine.replace([hold()])
    desk.later(86_400)
    assert desk.standing() == "due"


def test_the_command_carries_holds_and_patience() -> None:
    said = msgspec.json.decode(encoded([hold()], 5.0))
    assert said["command"] == "quarantine"
    assert msgspec.convert(said["holds"], list[KeyHold]) == [hold()]
    assert said["patience"] == 5.0
