"""What a provider does with prompts, and whether that meets what a route asks for.

Keeps true: what nobody has shown counts as not met, and what a contract says counts only where the operator has it.
"""

from typing import Literal

import msgspec

from gatewatch.providers.quirks import Quirks

Trains = Literal["no", "yes", "opt-out", "unknown"]
ZeroRetention = Literal["default", "switch", "contract", "none", "unknown"]
Policy = Literal["no_training", "zero_retention"]


_TRAINS_IN_WORDS: dict[Trains, str] = {
    "no": "no training",
    "yes": "trains",
    "opt-out": "trains unless told not to",
    "unknown": "training unknown",
}


class Fact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where something is said, and when that was looked up."""

    source: str = ""
    """URL; empty: it follows from where the provider runs, or it is not known."""
    date: str = ""
    note: str = ""


class TrainsFact(Fact, frozen=True, kw_only=True, forbid_unknown_fields=True):
    value: Trains = "unknown"
    """Whether models are trained on what the API is sent. `opt-out`: yes, unless one does something about it."""


class RetentionFact(Fact, frozen=True, kw_only=True, forbid_unknown_fields=True):
    value: int | None = None
    """Days that prompts and replies are kept at most, abuse and the law apart; None: not known."""


class ZeroRetentionFact(Fact, frozen=True, kw_only=True, forbid_unknown_fields=True):
    value: ZeroRetention = "unknown"
    """How it comes to keep nothing: by itself, by a switch (of the request, else its console's), by contract, never."""


class Privacy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a provider does with what it is sent."""

    trains: TrainsFact = TrainsFact()
    retention_days: RetentionFact = RetentionFact()
    zero_retention: ZeroRetentionFact = ZeroRetentionFact()


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator says of his own account there. None: nothing."""

    trains: Trains | None = None
    retention_days: int | None = None
    zero_retention: ZeroRetention | None = None


def unmet(policy: Policy, privacy: Privacy, stated: Stated, quirks: Quirks) -> str | None:
    """What the provider does, where that is not what `policy` asks for; None where it is."""
    if _keeps_nothing(privacy, stated, quirks):
        return None
    if policy == "zero_retention":
        return _kept_in_words(privacy, stated)
    trains = stated.trains or privacy.trains.value
    if trains == "no" or (trains == "opt-out" and (quirks.opt_out or quirks.opt_out_headers)):
        return None
    return {
        "yes": "trains on prompts",
        "opt-out": "trains on prompts unless its account is told otherwise",
        "unknown": "does not say whether it trains on prompts",
    }[trains]


def summary(privacy: Privacy, stated: Stated) -> str:
    """In a few words, for a column: `no training, 30 days`."""
    trains = stated.trains or privacy.trains.value
    days = stated.retention_days if stated.retention_days is not None else privacy.retention_days.value
    if (stated.zero_retention or "") in ("default", "contract"):
        days = 0
    kept = "retention unknown" if days is None else f"kept {days} days" if days else "nothing kept"
    return f"{_TRAINS_IN_WORDS[trains]}, {kept}"


def _keeps_nothing(privacy: Privacy, stated: Stated, quirks: Quirks) -> bool:
    if stated.retention_days == 0 or stated.zero_retention in ("default", "contract"):
        return True
    how = stated.zero_retention or privacy.zero_retention.value
    if how == "switch":
        return bool(quirks.zero_retention)
    return how == "default"


def _kept_in_words(privacy: Privacy, stated: Stated) -> str:
    days = stated.retention_days if stated.retention_days is not None else privacy.retention_days.value
    kept = f"keeps prompts for {days} days" if days else "may keep prompts"
    how = {
        "switch": " unless that is switched off in its console",
        "contract": " unless a contract says otherwise",
    }.get(stated.zero_retention or privacy.zero_retention.value, "")
    return kept + how
