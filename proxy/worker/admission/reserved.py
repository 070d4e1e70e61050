"""What is held for one call: of which counters, how much, and for which of its tries.

Keeps true: what is noted here is what the counters hold. It changes only when they have said yes, or let go.
"""

from collections.abc import Iterable

import msgspec

from gatewatch.limits.amounts import Wanted, wanted_amounts
from gatewatch.limits.concerned import Concern
from gatewatch.limits.rule import Rule
from proxy.worker.admission.told import Met

Want = tuple[Concern, int]
"""A rule, and how much of its measure."""

_ONCE = ("requests", "concurrent")
"""Measures of which a call holds one from its beginning, wherever it goes."""


class Reserved:
    """Belongs to one call."""

    __slots__ = ("checked", "held", "met", "place", "soft", "tries", "wanted")

    def __init__(self, most: Wanted) -> None:
        self.wanted = most
        """The most that any of its tries may use."""
        self.held: list[Want] = []
        self.checked: list[bytes] = []
        """Of each rule that it met, what its row says of that."""
        self.met: list[Met] = []
        """The limits among them."""
        self.soft: list[Rule] = []
        """Those whose soft threshold is passed."""
        self.place: tuple[str | None, str | None] | None = None
        """Provider and model whose rules are held for the try that is next, or under way."""
        self.tries = 0
        """How many were sent when that was reserved."""

    def checks(self) -> msgspec.Raw:
        """For the row."""
        return msgspec.Raw(b"[%s]" % b",".join(self.checked))

    def leave(self, *, all_of_it: bool) -> list[str]:
        """The last try is over: the counters to be let go of. `all_of_it`: its model's too, not its key's alone.

        A try that was sent stays a request to its model, and with its key.
        """
        left = [
            each.key
            for each, _ in self.held
            if each.rule.measure != "requests"
            and (each.rule.scope == "provider_key" or (all_of_it and each.rule.scope == "model"))
        ]
        if left:
            self.held = [want for want in self.held if want[0].key not in left]
        if all_of_it:
            self.place = None
        return left

    def lacks(self, concerns: Iterable[Concern], most: Wanted) -> list[Want]:
        """What the call's own rules have to hold for a try beyond what they hold."""
        amounts = wanted_amounts(most)
        lacking: list[Want] = []
        for each in concerns:
            if each.rule.measure in _ONCE or (each.rule.unpriced_only and not most.is_unpriced):
                continue
            held = sum(amount for other, amount in self.held if other.key == each.key)
            if (more := amounts[each.slot] - held) > 0 or not amounts[each.slot]:
                lacking.append((each, max(0, more)))
        return lacking


def wants(concerns: list[Concern], most: Wanted, *, any_for_unpriced: bool = True) -> list[Want]:
    """What a try asks of each: of rules for calls without a price alone, nothing where it has one."""
    amounts = wanted_amounts(most)
    if most.is_unpriced or not any_for_unpriced:
        return [(each, amounts[each.slot]) for each in concerns]
    return [(each, amounts[each.slot]) for each in concerns if not each.rule.unpriced_only]
