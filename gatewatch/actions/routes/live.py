"""What a gateway that runs knows of each target at this moment, in the columns of the routes view."""

from collections.abc import Mapping, Sequence
from typing import Any

from gatewatch.actions.routes.drain import at_target

UNKNOWN: dict[str, Any] = {
    "in_flight": None,
    "breaker": None,
    "breaker_again_in": None,
    "shifted": None,
    "live_ttft_ms": None,
    "live_latency_ms": None,
    "headroom": None,
}
"""Where none runs."""
_WORST = ("open", "half_open", "closed")


def now_at(live: Mapping[str, Any], route: str, target: str) -> dict[str, Any]:
    """Of one target of one route; `live` as `/v1/live` tells. Seconds, milliseconds, a share of one.

    `breaker` is the worst of any key; `headroom` what is left of the provider's limits at the key that has most.
    """
    known = next((each for each in live.get("targets", ()) if each["target"] == target), None)
    breakers: Sequence[Mapping[str, Any]] = known["breakers"] if known else ()
    states = [each["state"] for each in breakers]
    return UNKNOWN | {
        "in_flight": at_target(live["workers"], target, route),
        "breaker": min(states, key=_WORST.index, default="closed"),
        "breaker_again_in": max((each["again_in"] for each in breakers if each["state"] == "open"), default=None),
        "shifted": known is not None and route in known["shifted"],
        "live_ttft_ms": known["ttft_ms"] if known else None,
        "live_latency_ms": known["latency_ms"] if known else None,
        "headroom": _headroom(live["workers"], target),
    }


def _headroom(workers: Sequence[Mapping[str, Any]], target: str) -> float | None:
    """None where nothing is known of the provider's limits. Of one key, the worst that any worker has seen."""
    used: dict[str, int] = {}
    for worker in workers:
        for lane in worker.get("provider_lanes", ()):
            if lane["limits"] and f"{lane['provider']}/{lane['model']}" == target:
                used[lane["key"]] = max(used.get(lane["key"], 0), lane["used_percent"])
    return None if not used else (100 - min(100, min(used.values()))) / 100
