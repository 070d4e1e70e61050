"""What a call met before it was sent: limits and budgets with their counters then, what it was reckoned with and held,
how long it waited, and why it went elsewhere."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from app.cli.explaining.lines import Row
from gatewatch.money import picos_from_usd, usd_text
from gatewatch.safe_text import safe

_TOLD_SINCE = "not recorded: this row is from before such things were kept"


class Check(NamedTuple):
    """One rule that the call met, as its row has it."""

    rule: str
    name: str
    measure: str
    taken: int
    held: int
    asked: int
    most: int


def checks(call: Row) -> list[Check]:
    """In the order in which they were met."""
    return [Check(*each[:7]) for each in call.get("checked") or () if isinstance(each, list) and len(each) >= 7]


def in_the_way(call: Row) -> int | None:
    """Which of `checks` it was that the call was refused for."""
    found = [index for index, check in enumerate(checks(call)) if check.rule == call.get("blocked_by")]
    over = [index for index in found if _is_over(checks(call)[index])]
    return next(iter(over[-1:] or found[-1:]), None)


def limits(call: Row, rules: Row) -> Iterator[str]:
    """Each rule with its counters then. `rules`: what is known of them, by id."""
    met = checks(call)
    if not met:
        yield f"  {_none_met(call)}"
    blocking = in_the_way(call)
    for index, check in enumerate(met):
        rule = rules.get(check.rule) or {}
        whose = f"{rule['scope']} {check.name}".strip() if rule.get("scope") else check.name or "all calls"
        window = f", each {rule['window']}" if rule.get("window") else ""
        yield f"  {'>' if index == blocking else '·'} {safe(check.rule, 120)} ({safe(whose, 120)}{safe(window, 40)})"
        held = f", {amount(check, check.held)} of it held by calls in flight" if check.held else ""
        share = f": {100 * (check.taken + check.asked) // check.most} %" if check.most else ""
        way = ", IN THE WAY" if index == blocking else ""
        yield (
            f"      {amount(check, check.taken)} taken{held}, {amount(check, check.asked)} asked,"
            f" {amount(check, check.most)} {unit(check)} at most{share}{way}"
        )
        if (soft := rule.get("soft")) and check.taken + check.asked >= soft:
            yield f"      its soft threshold of {amount(check, soft)} {unit(check)} was passed"
        if changed := rule.get("changed"):
            who, deed = safe(changed["actor"], 80), safe(changed["action"], 40)
            yield f"      last changed by {who} at {changed['at']} ({deed})"
    if call.get("blocked_by") and blocking is None:
        yield f"  > {safe(call['blocked_by'], 120)} was in the way"


def reckoned(call: Row) -> Iterator[str]:
    """The estimate, and what came of it; the reservation, and what it was settled to."""
    expected = call.get("estimated_input_tokens")
    if expected is None:
        yield f"  {_TOLD_SINCE}"
        return
    if not expected and not call["estimated_output_tokens"]:
        yield "  not at all: it was refused before that, or costs nothing"
        return
    percent = call.get("estimate_percent") or 100
    taught = f" × {percent} %, as the ledger had taught" if percent != 100 else ""
    yield f"  input  {expected:>9} tokens, from the text's size{taught}{_off(expected, call, 'input_tokens')}"
    if others := call.get("estimated_others"):
        yield f"         {others} of its parts are no text: a flat amount for each is in it"
    limit = _own_limit(call)
    how = "its own limit" if limit else "it sets no limit: what is usual of the model"
    output = call["estimated_output_tokens"]
    yield f"  output {output:>9} tokens, {how}{'' if limit else _off(output, call, 'output_tokens')}"
    yield from _reservation(call)


def _reservation(call: Row) -> Iterator[str]:
    reserved = call.get("reserved_usd")
    if reserved is None and call["status"] == "blocked":
        yield "  nothing was reserved: it was refused"
        return
    if reserved is None:
        yield "  no money was reserved: it met no budget, or the model has no price"
        return
    if call["status"] == "blocked":
        yield f"  {reserved} USD would have been reserved; nothing was taken"
        return
    if call["cost_usd"] in (None, "unpriced"):
        yield f"  {reserved} USD were reserved; what it cost is not known"
        return
    left = picos_from_usd(Decimal(reserved)) - picos_from_usd(Decimal(call["cost_usd"]))
    rest = f"{usd_text(abs(left))} USD {'were given back' if left >= 0 else 'came on top'}"
    yield f"  {reserved} USD were reserved, settled to {call['cost_usd']} USD: {rest}"


def way(call: Row, rules: Row) -> Iterator[str]:
    """Waiting, and what changed where it went."""
    if call.get("priority"):
        yield f"  priority {safe(call['priority'], 40)}"
    if call.get("queued_ms"):
        yield f"  waited {call['queued_ms']} ms for its turn at the provider"
    if because := call.get("stepped_down"):
        is_rule = (rules.get(because) or {}).get("kind") or because in {check.rule for check in checks(call)}
        why = "was nearly spent, or had no room" if is_rule else "has put that in force"
        yield f"  its targets were put in another order: {safe(because, 120)} {why}"


def amount(check: Check, value: int) -> str:
    """In the unit of the rule: picodollars as USD."""
    return usd_text(value) if check.measure == "picos" else str(value)


def unit(check: Check) -> str:
    return "USD" if check.measure == "picos" else safe(check.measure, 40).replace("_", " ")


def _is_over(check: Check) -> bool:
    return check.taken + check.asked > check.most or check.taken >= check.most


def _none_met(call: Row) -> str:
    if call.get("estimated_input_tokens") is None:
        return _TOLD_SINCE
    if call["status"] == "blocked" and not call["estimated_input_tokens"]:
        return "not looked at: it was refused before that"
    return "none concerned it"


def _off(expected: int, call: Row, column: str) -> str:
    actual = call[column]
    if call["status"] != "ok" or not actual or call["usage"] is None:
        return ""
    return f"; it was {actual} ({100 * (expected - actual) / actual:+.0f} %)"


def _own_limit(call: Row) -> Any:
    names = ("max_completion_tokens", "max_tokens", "max_output_tokens")
    return next((call["params"][name] for name in names if call["params"].get(name)), None)
