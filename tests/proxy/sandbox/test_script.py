import pytest

from proxy.sandbox import script
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.demands import NONE, Demands
from proxy.sandbox.prose import key_of
from proxy.sandbox.script import Scripts, befalls


def test_a_good_model_is_befallen_by_nothing() -> None:
    assert Scripts().fault(NONE, "gpt-4o", b"k") is None


def test_a_model_is_befallen_by_what_it_is_called() -> None:
    assert Scripts().fault(NONE, "fault-429", b"k") == "429"


def test_a_script_goes_on_by_one_entry_a_request_and_stays_at_the_last() -> None:
    scripts = Scripts()
    demands = Demands(script="429, fault-reset,ok", session="a")
    assert [scripts.fault(demands, "gpt-4o", b"k") for _ in range(4)] == ["429", "reset", None, None]


def test_every_session_has_a_script_of_its_own() -> None:
    scripts = Scripts()
    first, second = Demands(script="429,ok", session="a"), Demands(script="500,ok", session="b")
    assert scripts.fault(first, "m", b"k") == "429"
    assert scripts.fault(second, "m", b"k") == "500"
    assert scripts.fault(first, "m", b"k") is None
    scripts.clear()
    assert scripts.fault(first, "m", b"k") == "429"


def test_a_script_wins_over_the_model() -> None:
    assert Scripts().fault(Demands(script="ok", session="a"), "fault-429", b"k") is None


def test_a_script_without_a_session_is_refused() -> None:
    with pytest.raises(ApiError, match="x-sandbox-session"):
        Scripts().fault(Demands(script="ok"), "m", b"k")


def test_the_oldest_sessions_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "SESSIONS_KEPT", 2)
    scripts = Scripts()
    for session in "abca":
        assert scripts.fault(Demands(script="429,ok", session=session), "m", b"k") == "429"


@pytest.mark.parametrize("model", ["fault-", "fault-430", "fault-429-"])
def test_a_fault_that_does_not_exist_is_told_apart(model: str) -> None:
    with pytest.raises(ApiError, match=r"no fault .*fault-429-date") as caught:
        Scripts().fault(NONE, model, b"k")
    assert caught.value.status == 404


@pytest.mark.parametrize("rate", ["fault-429@", "fault-429@2", "fault-429@-0.1", "fault-429@x", "fault-429@nan"])
def test_a_share_is_from_0_to_1(rate: str) -> None:
    with pytest.raises(ApiError, match="share"):
        befalls(rate, b"k")


def test_a_fault_with_a_rate_befalls_its_share_of_requests_and_always_the_same_ones() -> None:
    keys = [key_of(number) for number in range(2000)]
    befallen = [key for key in keys if befalls("fault-500@0.1", key) == "500"]
    assert 150 < len(befallen) < 250
    assert all(befalls("500@0.1", key) == "500" for key in befallen)
    assert all(befalls("fault-500@0.2", key) == "500" for key in befallen)
    assert {befalls("fault-500@1", key) for key in keys} == {"500"}
    assert {befalls("fault-500@0", key) for key in keys} == {None}
