"""The rules that a call met, as its row has them: which were in its way, and for which of its tries they were met.

Keeps true: the row has them in the order in which they were asked, try after try. That a counter comes again, or one of
the place where a later try went, is where the next try begins; nothing else in the row tells of it.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from app.cli.explaining.lines import Row
from gatewatch.money import picos_from_usd, usd_text
from gatewatch.safe_text import safe

_OF_A_TRY = ("model", "provider_key")
NO_TURN = ("queue_full", "queue_timeout", "provider_limit")
"""What `blocked_by` says of calls that no rule stopped, but our own queue."""


class Check(NamedTuple):
    """One rule, with its counter before it. Amounts of `usd` are picodollars."""

    rule: str
    name: str
    measure: str
    taken: int
    held: int
    asked: int
    most: int

    @property
    def is_over(self) -> bool:
        """Whether there was no room."""
        return self.taken + self.asked > self.most or self.taken >= self.most

    @property
    def is_only_held(self) -> bool:
        """Whether there is room when the calls in flight have ended, as far as they use less than they hold."""
        if self.measure == "requests":
            return False
        settled = self.taken - self.held
        return self.is_over and settled + self.asked <= self.most and settled < self.most

    @property
    def unit(self) -> str:
        return "USD" if self.measure == "usd" else safe(self.measure, 40).replace("_", " ")

    def text(self, amount: int) -> str:
        return usd_text(amount) if self.measure == "usd" else str(amount)


class Met(NamedTuple):
    """A check, and for which try (from 1 on, as the call's attempts are counted)."""

    check: Check
    n: int
    begins: bool
    """Whether it is the first one that was asked then."""
    adds: bool
    """Whether it asks for more than what the call holds of the same counter already."""


def checks(call: Row) -> list[Check]:
    """In the order in which they were met."""
    return [Check(*_amounts(each)) for each in call.get("checked") or ()]


def in_the_way(call: Row) -> Check | None:
    """The one that the call was refused for."""
    found = [check for check in checks(call) if check.rule == call.get("blocked_by")]
    over = [check for check in found if check.is_over]
    return next(iter(over[-1:] or found[-1:]), None)


def is_of_model(call: Row) -> bool:
    """Whether it was a model's cap that a call without a turn waited at, not a provider's key. Its message tells."""
    return bool(call["route"]) and "the model '" in (call["error_message"] or "")


def met(call: Row, rules: Row) -> Iterator[Met]:
    """Each with the try that it was for. One beyond the last attempt was for a try that was not made."""
    places = [
        (f"{each['provider']}/{each['model']}", f"{each['provider']}/{each['provider_key']}")
        for each in call["attempts_detail"]
    ]
    n, was_full = 0, False
    now: set[tuple[str, str]] = set()
    held: set[tuple[str, str]] = set()
    for check in checks(call):
        counter = check.rule, check.name
        scope = (rules.get(check.rule) or {}).get("scope")
        place = next((at for at in range(n, len(places)) if check.name in places[at]), n)
        if scope not in (*_OF_A_TRY, None):
            place = n
        begins = not now
        if place > n or counter in now:
            n = place if place > n else n if was_full else n + 1
            now, was_full, begins = set(), False, True
        yield Met(check, n + 1, begins, counter in held and scope not in _OF_A_TRY)
        now.add(counter)
        if not check.is_over:
            held.add(counter)
        elif scope != "provider_key":  # another key is tried with what is held
            was_full = True


def checks_json(call: Row, rules: Row) -> list[dict[str, Any]]:
    """For scripts: the row's, with the try and whether there was room; money as decimal text."""
    told = zip(call.get("checked") or (), met(call, rules), strict=True)
    return [
        {**row, "try": each.n, "over": each.check.is_over, "only_held": each.check.is_only_held} for row, each in told
    ]


def _amounts(row: Row) -> tuple[str, str, str, int, int, int, int]:
    amounts = [row[name] for name in ("taken", "held", "asked", "most")]
    if row["measure"] == "usd":
        amounts = [picos_from_usd(each) for each in amounts]
    taken, held, asked, most = amounts
    return row["rule"], row["name"], row["measure"], taken, held, asked, most
