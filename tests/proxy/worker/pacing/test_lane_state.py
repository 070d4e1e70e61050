"""What operators are shown of providers' keys."""

import msgspec

from gatewatch.call import Call
from proxy.settings import KeyCap, Pacing
from proxy.worker.pacing.lane_state import LaneLimit, LaneState
from proxy.worker.pacing.pacing import SHOWN
from proxy.worker.pacing.pacing import Pacing as Lanes


def call() -> Call:
    return Call(call_id="c", started_at=1)


async def test_a_key_is_shown_with_what_runs_its_cap_and_what_its_provider_said() -> None:
    lanes = Lanes(Pacing(keys=(KeyCap(provider="openai", key="main", model="gpt-5", most=5),)), lambda: 1000.0)
    turn = lanes.lane("openai", "main", "gpt-5").begin(call())
    assert turn
    lanes.served(
        turn,
        {
            b"x-ratelimit-limit-requests": b"200",
            b"x-ratelimit-remaining-requests": b"50",
            b"x-ratelimit-reset-requests": b"30s",
        },
    )
    (state,) = lanes.states()
    assert state == LaneState(
        provider="openai",
        key="main",
        model="gpt-5",
        running=1,
        most=5,
        used_percent=75,
        limits=[LaneLimit(kind="requests", limit=200, remaining=50, reset=30.0)],
    )
    assert msgspec.json.decode(msgspec.json.encode(state))["waiting"] == 0, "scripts find every field"


async def test_only_so_many_are_told_of_the_busiest_first_and_idle_ones_not_at_all() -> None:
    lanes = Lanes(Pacing())
    for number in range(SHOWN + 5):
        lanes.lane("p", "k", f"m{number}").begin(call())
    lanes.lane("p", "k", "m7").begin(call())
    lanes.lane("p", "k", "idle")
    states = lanes.states()
    assert len(states) == SHOWN
    assert (states[0].model, states[0].running) == ("m7", 2)
    assert "idle" not in {state.model for state in states}
