"""What an operator can do about a call that was refused, or failed."""

import time
from datetime import UTC, datetime

from app.cli.explaining.checks import NO_TURN, Check, checks, in_the_way, is_of_model
from app.cli.explaining.lines import Row
from app.cli.explaining.steps import STEPS, Step, of_status, quoted
from gatewatch.money import usd_text
from gatewatch.safe_text import safe
from gatewatch.timespan import parse_instant

_CENT = 10**10
"""Picodollars."""
_DAY = 86_400_000_000


def next_step(call: Row, rules: Row, now: int | None = None) -> Step | None:
    """None where nothing was refused, or nothing is known to help. `now`: µs since the epoch."""
    if call["status"] not in ("blocked", "error", "truncated") or not call["error_kind"]:
        return None
    kind, rule_id = call["error_kind"], call.get("blocked_by")
    if kind == "budget_exceeded":
        return _budget(call, rules, time.time_ns() // 1000 if now is None else now) if rule_id else _cap(call)
    if kind == "rate_limit_exceeded" and rule_id:
        return _turn(call) if rule_id in NO_TURN else _limit(call, rules)
    making = STEPS.get(kind)
    return making(call) if making else of_status(call)


def _budget(call: Row, rules: Row, now: int) -> Step:
    rule = rules.get(call["blocked_by"]) or {}
    check, of = in_the_way(call), rule.get("of")
    listing = f"gatewatch budgets list {quoted(of)}" if of else "gatewatch budgets list"
    if check is None or not of:
        return Step(f"see what is left of {safe(call['blocked_by'], 120)}", listing)
    if check.is_only_held:
        held = f"{check.text(check.held)} {check.unit}"
        return Step(f"wait until calls in flight have ended, which held {held}; what is left now:", listing)
    begins = parse_instant(rule["begins_anew"], 0) if rule.get("begins_anew") else None
    if begins is not None and begins <= now:
        return Step(f"it began anew at {_seconds(begins)}: call again; what is left now:", listing)
    until = _seconds(now + _DAY if begins is None else begins)
    wait = "" if begins is None else f"wait until it begins anew at {until}, or "
    if check.asked > check.most:
        wait = "this call alone may cost more than all of it: ask for less (max_tokens), or "
    each = f" for every {rule['scope']}, not for this one alone" if of == rule["scope"] != "gateway" else ""
    full = {each.rule for each in checks(call) if each.is_over and each.rule != check.rule}
    others = f" ({safe(', '.join(sorted(full)), 300)} had no room either)" if full else ""
    return Step(
        f"{wait}lift it once{safe(each, 60)}{others}:",
        f"gatewatch budgets grant {quoted(of)} --budget {quoted(check.rule)} {_missing(check)} --until {until}"
        ' --reason "WHY"',
    )


def _missing(check: Check) -> str:
    missing = max(1, check.taken + check.asked - check.most)
    return f"--usd {usd_text(-(-missing // _CENT) * _CENT)}" if check.measure == "usd" else f"--tokens {missing}"


def _limit(call: Row, rules: Row) -> Step:
    rule, check = rules.get(call["blocked_by"]) or {}, in_the_way(call)
    raised = f"raise {safe(call['blocked_by'], 120)}"
    raised += " in the configuration file" if rule.get("managed_by") == "config" else ""
    listing = f"gatewatch limits list {quoted(rule['of'])}" if rule.get("of") else "gatewatch limits list"
    if check and check.measure == "concurrent":
        return Step(f"wait until a call in flight has ended, or {raised}", listing)
    if check and check.asked > check.most:
        return Step(f"this call never fits: make it smaller, or {raised}", listing)
    if check and check.is_only_held:
        return Step(f"wait until calls in flight have ended, or {raised}", listing)
    window = f" of {rule['window']}" if rule.get("window") else ""
    words = f"wait until enough calls have left the window{window}: the reply's Retry-After said when; or {raised}"
    return Step(words, listing)


def _turn(call: Row) -> Step:
    """It was our own queue that it did not get through, of a model or of a provider's key."""
    if call["blocked_by"] == "provider_limit":
        words = "the provider's limits of our key are reached: wait, or add a further key or target"
        return Step(words, "gatewatch providers list")
    waiting = "batch_wait" if call["priority"] == "batch" else "wait"
    queue = "pacing.queue" if call["blocked_by"] == "queue_full" else f"pacing.{waiting}"
    if is_of_model(call):
        return Step(f"raise models.{safe(call['route'], 80)}.concurrent, or {queue}", "gatewatch config show")
    provider = safe(call["provider"] or "PROVIDER", 80)
    words = (
        f"add a further key or target, or raise limits.concurrent of providers.{provider} where it is set, or {queue}"
    )
    return Step(words, "gatewatch providers list")


def _cap(call: Row) -> Step:
    key = safe(call["key_id"] or "KEY", 60)
    words = (
        f"its key's own cap is reached: raise it with `gatewatch keys edit {key}` (--max-usd, --max-tokens, --max-uses)"
    )
    return Step(words, f"gatewatch keys show {quoted(call['key_id'])}" if call["key_id"] else "gatewatch keys list")


def _seconds(at: int) -> str:
    """A time without parts of a second."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
