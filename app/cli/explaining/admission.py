"""What a call met before it was sent: limits and budgets with their counters then, what it was reckoned with and held,
how long it waited, and why it went elsewhere."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from app.cli.explaining.checks import NO_TURN, Met, checks, in_the_way, is_of_model, met
from app.cli.explaining.lines import Row
from gatewatch.money import picos_from_usd, usd_text
from gatewatch.safe_text import safe

_WAITED = {
    "time": "for its time",
    "limit": "until it might come again, as the provider had said 429",
    "overload": "until it was asked again, as the provider had too much to do",
}
_TOLD_SINCE = "not recorded: this row is from before such things were kept"


def limits(call: Row, rules: Row) -> Iterator[str]:
    """Each rule with its counters then, try by try. `rules`: what is known of them, by id."""
    all_met = [*met(call, rules)]
    if not all_met:
        yield f"  {_none_met(call)}"
    refused, has_tries = in_the_way(call), any(each.begins for each in all_met[1:])
    for at, each in enumerate(all_met):
        if each.begins and has_tries:
            yield f"  {_when(call, all_met, at)}"
        yield from _rule(call, each, rules.get(each.check.rule) or {}, is_told=each.check == refused)
    if (blocked_by := call.get("blocked_by")) and refused is None:
        got_no_turn = blocked_by in NO_TURN
        yield f"  > {safe(blocked_by, 120)} was in the way{': it got no turn' if got_no_turn else ''}"


def _when(call: Row, all_met: list[Met], at: int) -> str:
    """For which try the rules that follow were met."""
    n, tries = all_met[at].n, call["attempts_detail"]
    if n <= len(tries):
        again = ", with another target or order" if any(each.n == n for each in all_met[:at]) else ""
        return safe(f"for try {n}, {tries[n - 1]['provider']}/{tries[n - 1]['model']}{again}:", 300)
    if tries:
        return f"for a try {n}, which was not made:"
    return "with another target or order:" if at else "at first:"


def _rule(call: Row, each: Met, rule: Row, *, is_told: bool) -> Iterator[str]:
    check = each.check
    whose = f"{rule['scope']} {check.name}".strip() if rule.get("scope") else check.name or "all calls"
    window = f", each {rule['window']}" if rule.get("window") else ""
    is_over = check.is_over or is_told
    yield f"  {'>' if is_over else '·'} {safe(check.rule, 120)} ({safe(whose, 120)}{safe(window, 40)})"
    held = f", {check.text(check.held)} of it held by calls in flight" if check.held else ""
    share = f": {100 * (check.taken + check.asked) // check.most} %" if check.most else ""
    more, way = " more" if each.adds else "", ""
    if is_over:
        way = ", IN THE WAY" if is_told else ", NO ROOM"
    yield (
        f"      {check.text(check.taken)} taken{held}, {check.text(check.asked)}{more} asked,"
        f" {check.text(check.most)} {check.unit} at most{share}{way}"
    )
    if check.is_only_held:
        yield "      there is room when calls in flight have ended, and used less than they hold"
    soft = rule.get("soft")
    if soft is not None:
        soft = picos_from_usd(soft) if check.measure == "usd" else soft
        told = f"its soft threshold of {check.text(soft)} {check.unit}"
        if check.taken >= soft:
            yield f"      {told} was passed"
        elif check.taken + check.asked >= soft:
            yield f"      {told} {'would have been' if call['status'] == 'blocked' else 'was'} passed by this call"
    if changed := rule.get("changed"):
        who, deed = safe(changed["actor"], 80), safe(changed["action"], 40)
        yield f"      last changed before by {who} at {changed['at']} ({deed})"


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
    own = "its own limit" if call["params"].get("length_by") != "route" else "it sets no limit: that of its route"
    how = own if limit else "it sets no limit: what is usual of the model"
    output = call["estimated_output_tokens"]
    yield f"  output {output:>9} tokens, {how}{'' if limit else _off(output, call, 'output_tokens')}"
    if call["params"].get("prompt_cache"):
        yield "  its beginning had come before: marked for the provider's cache, and reckoned at the price of a write"
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
        yield f"  {reserved} USD were reserved, and given back: nothing was bought"
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
        way = f", by the way {safe(call['deferred'], 40)}" if call.get("deferred") else ""
        yield f"  priority {safe(call['priority'], 40)}{way}"
    if call.get("queued_ms"):
        what = "at a model's cap or at a provider's key"
        if call.get("blocked_by") in NO_TURN:
            what = f"of the model {safe(call['route'], 80)}" if is_of_model(call) else "at a provider's key"
        words = [f"for its turn, {what}" if why == "turn" else _WAITED.get(why, safe(why, 40)) for why in _waited(call)]
        yield f"  waited {call['queued_ms']} ms {' and '.join(words)}"
    if because := call.get("stepped_down"):
        is_rule = (rules.get(because) or {}).get("kind") or because in {check.rule for check in checks(call)}
        why = "was nearly spent, or had no room" if is_rule else "has put that in force"
        yield f"  its targets were put in another order: {safe(because, 120)} {why}"


def _waited(call: Row) -> list[str]:
    """What for. Rows from before that was kept tell of turns alone."""
    said = call.get("waited_for")
    if call.get("deferred"):
        return ["time", *(said.split("+") if said else ())]
    return (said or "turn").split("+")


def _none_met(call: Row) -> str:
    if call.get("estimated_input_tokens") is None:
        return _TOLD_SINCE
    if call["status"] == "blocked" and (not call["estimated_input_tokens"] or call["error_kind"] == "key_paused"):
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
