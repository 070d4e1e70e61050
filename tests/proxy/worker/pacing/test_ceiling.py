"""At four fifths of a limit a fifth less may run, and it comes back."""

from proxy.worker.pacing.ceiling import INTERVAL, Ceiling


def test_a_cut_takes_a_fifth_of_what_runs_once_in_an_interval() -> None:
    ceiling = Ceiling()
    ceiling.cut(10, 100.0)
    assert ceiling.most == 8
    ceiling.cut(8, 100.0 + INTERVAL / 2)
    assert ceiling.most == 8, "its effect is not known yet"
    ceiling.cut(8, 100.0 + INTERVAL)
    assert ceiling.most == 6


def test_it_is_not_cut_again_before_the_calls_of_before_have_ended() -> None:
    ceiling = Ceiling()
    ceiling.cut(10, 0.0)
    ceiling.cut(9, INTERVAL)
    assert ceiling.most == 8


def test_one_call_may_always_run() -> None:
    ceiling = Ceiling()
    for second in range(50):
        ceiling.cut(1, float(second) * INTERVAL)
        assert ceiling.most == 1


def test_it_comes_back_by_a_fifth_at_a_time_until_there_is_none() -> None:
    ceiling = Ceiling()
    ceiling.cut(20, 0.0)
    ceiling.cut(16, INTERVAL)
    seen = []
    for second in range(2, 8):
        ceiling.recover(second * INTERVAL)
        seen.append(ceiling.most)
    assert seen == [14, 16, 19, None, None, None]
    ceiling.recover(100.0)
    assert ceiling.most is None
