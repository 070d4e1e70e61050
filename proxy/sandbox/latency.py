"""How long a reply takes: what the request demands, else what its model's family would take, else no time at all."""

import math
import re
from typing import NamedTuple

from proxy.sandbox.demands import Demands
from proxy.sandbox.prose import Dice

PROFILES = ("none", "realistic")


class Pace(NamedTuple):
    """Seconds before the first byte, and between tokens; no gap: a stream is one write."""

    first_byte: float = 0.0
    gap: float | None = None


AT_ONCE = Pace()


class Family(NamedTuple):
    """Medians in seconds, and the spread of both as the σ of their logarithm."""

    names: re.Pattern[str]
    first_byte: float
    gap: float
    spread: float


FAMILIES = (
    Family(re.compile(r"embed"), 0.07, 0.0, 0.35),
    Family(re.compile(r"^(o\d|gpt-5)(?!.*(chat|nano))|reason|think"), 2.6, 0.011, 0.6),
    Family(re.compile(r"mini|nano|haiku|flash|small|instruct|lite"), 0.32, 0.009, 0.4),
    Family(re.compile(r""), 0.6, 0.018, 0.45),
)


def pace(demands: Demands, profile: str, model: str, key: bytes) -> Pace:
    """Both from the request: the same one takes the same time each time."""
    if profile == "none" and demands.latency_ms is None and demands.chunk_gap_ms is None:
        return AT_ONCE
    usual = realistic(model, key) if profile == "realistic" else AT_ONCE
    first_byte = usual.first_byte if demands.latency_ms is None else demands.latency_ms / 1000
    return Pace(first_byte, usual.gap if demands.chunk_gap_ms is None else demands.chunk_gap_ms / 1000)


def realistic(model: str, key: bytes) -> Pace:
    """Lognormal by the model's family."""
    name = model.rpartition("/")[2].lower()
    family = next(family for family in FAMILIES if family.names.search(name))
    dice = Dice(key, "latency")
    first_byte = family.first_byte * math.exp(family.spread * dice.normal())
    return Pace(first_byte, family.gap * math.exp(family.spread / 2 * dice.normal()))
