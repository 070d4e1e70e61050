"""What `gatewatch doctor` says of targets that a gateway keeps calls away from."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from app.finding import Finding


def of_targets(live: Mapping[str, Any]) -> Iterator[Finding]:
    """`live` as `/v1/live` tells. One line for each target that is left alone or comes last; one where none is."""
    targets, workers = live.get("targets", ()), len(live["workers"])
    why = {(level["route"], level["target"]): level["text"] for level in live.get("service_levels", ())}
    troubled = [
        target for target in targets if target["shifted"] or any(each["workers"] for each in target["breakers"])
    ]
    for target in troubled:
        yield from _left_alone(target, workers)
        yield from _shifted(target, why)
    if targets and not troubled:
        yield Finding("ok", "targets", f"{len(targets)} had calls lately, none is left alone or comes last")


def _left_alone(target: Mapping[str, Any], workers: int) -> Iterator[Finding]:
    name = target["target"]
    for each in target["breakers"]:
        if each["workers"]:
            key = f"key {each['key']}" if each["key"] else "any key"
            when = f"in {each['again_in']:.0f} s" if each["again_in"] >= 1 else "with the next call"
            yield Finding(
                "broken",
                f"target {name}",
                f"left alone with {key} after {each['failures']} failures in a row, in {each['workers']} of {workers}"
                f" workers; tried again {when}",
                "It comes back by itself when the provider answers.",
            )


def _shifted(target: Mapping[str, Any], why: Mapping[tuple[str, str], str]) -> Iterator[Finding]:
    name = target["target"]
    for route in target["shifted"]:
        yield Finding(
            "broken",
            f"target {name}",
            f"comes last on {route}: {why.get((route, name)) or 'it missed its level'}",
            f"It comes back by itself. `gatewatch routes restore {shlex.quote(name)}` where you know that it is well.",
        )
