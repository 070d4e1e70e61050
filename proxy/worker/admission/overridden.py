"""What alerts and operators have put in force for a while: who is paused, who is throttled, what is preferred."""

from collections.abc import Iterable

from gatewatch.call import Call
from gatewatch.limits.concerned import name_of
from gatewatch.limits.rule import SCOPES
from proxy.refusal import Refusal, key_paused
from proxy.settings import Override

Overridden = dict[tuple[str, str, str], Override]
"""(kind, scope, name) → what put it in force."""


def overridden(overrides: Iterable[Override]) -> Overridden:
    """By what they are about."""
    return {(each.kind, each.scope, each.name): each for each in overrides}


def in_force(overrides: Overridden, kind: str, call: Call) -> Override | None:
    """The one that concerns the call, if any."""
    if not overrides:
        return None
    for scope in SCOPES:
        name = name_of(scope, call)
        if name is not None and (found := overrides.get((kind, scope, name))):
            return found
    return None


def paused(overrides: Overridden, call: Call) -> Refusal | None:
    """The error of a call that must not be made now."""
    found = in_force(overrides, "pause", call)
    if found is None:
        return None
    refusal = key_paused(found.because)
    refusal.rule = found.because
    return refusal
