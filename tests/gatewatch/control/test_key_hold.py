from gatewatch.control.key_hold import KeyHold, pause_us


def test_a_failing_key_waits_a_minute_then_twice_as_long_each_time_and_never_more_than_an_hour() -> None:
    seconds = [pause_us(failures) // 1_000_000 for failures in range(1, 10)]
    assert seconds == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert pause_us(10_000) == 3_600_000_000


def test_where_no_other_key_serves_it_waits_a_second_then_twice_as_long_up_to_an_hour() -> None:
    seconds = [pause_us(failures, alone=True) // 1_000_000 for failures in range(1, 15)]
    assert seconds == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]
    assert pause_us(10_000, alone=True) == 3_600_000_000


def test_a_key_is_held_once_for_each_model_and_once_for_all() -> None:
    hold = KeyHold(
        provider="openai", key_id="main", version="v1", kind="refused", reason="401", since=1, until=2, failures=1
    )
    assert hold.place == ("openai", "main", "")
