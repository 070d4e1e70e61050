"""How near providers' keys are to their limits, put together from what each worker sees."""

from collections.abc import Iterable, Mapping
from typing import Any

Lane = dict[str, Any]
"""Of one key with one model."""


def headroom(workers: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[Lane]]:
    """(provider, key) → its models. What runs and waits is added up; of limits the worst that any worker has seen."""
    found: dict[tuple[str, str, str], Lane] = {}
    for worker in workers:
        for seen in worker.get("provider_lanes", ()):
            place = seen["provider"], seen["key"], seen["model"]
            known = found.get(place)
            found[place] = _lane(seen) if known is None else _together(known, _lane(seen))
    lanes: dict[tuple[str, str], list[Lane]] = {}
    for (provider, key, _), lane in sorted(found.items()):
        lanes.setdefault((provider, key), []).append(lane)
    return lanes


def in_words(lanes: Iterable[Lane]) -> str:
    """Those of which there is something to be said, the fullest first."""
    fullest = sorted(lanes, key=lambda lane: lane["used_percent"], reverse=True)
    return ", ".join(words for lane in fullest if (words := _words(lane)))


def _words(lane: Lane) -> str:
    said = [
        f"{lane['used_percent']}% used" if lane["limits"] else "",
        f"at most {lane['most']} at once" if lane["most"] is not None else "",
        f"{lane['waiting']} waiting" if lane["waiting"] else "",
        f"shut for {lane['shut_seconds']:.0f}s" if lane["shut_seconds"] else "",
    ]
    text = " ".join(filter(None, said))
    return f"{lane['model']} {text}" if text else ""


def _lane(seen: Mapping[str, Any]) -> Lane:
    return {name: value for name, value in seen.items() if name not in ("provider", "key")}


def _together(one: Lane, other: Lane) -> Lane:
    limits = {limit["kind"]: limit for limit in one["limits"]}
    for limit in other["limits"]:
        known = limits.get(limit["kind"])
        if known is None or limit["remaining"] < known["remaining"]:
            limits[limit["kind"]] = limit
    return {
        "model": one["model"],
        "running": one["running"] + other["running"],
        "waiting": one["waiting"] + other["waiting"],
        "most": None if one["most"] is None or other["most"] is None else one["most"] + other["most"],
        "used_percent": max(one["used_percent"], other["used_percent"]),
        "shut_seconds": max(one["shut_seconds"], other["shut_seconds"]),
        "limits": list(limits.values()),
    }
