"""What an operator can do about a call that was refused."""

import shlex
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from app.cli.explaining.admission import checks, in_the_way
from app.cli.explaining.lines import Row
from gatewatch.money import usd_text
from gatewatch.safe_text import safe


class Step(NamedTuple):
    """What to do, and the command for it, if there is one."""

    words: str
    command: str | None = None


_CENT = 10**10
"""Picodollars."""

_STEPS = {
    "invalid_api_key": Step("see which keys there are", "gatewatch keys list"),
    "key_revoked": Step("its key was revoked: see by whom", "gatewatch audit list --action 'key.*'"),
    "model_not_found": Step("ask for a model that is configured, or add it to the file", "gatewatch config show"),
    "model_not_allowed": Step("let the key use the model, if it is meant to", "gatewatch keys edit"),
    "model_without_price": Step("give the model a price", "gatewatch prices set"),
    "limits_unavailable": Step("the store of the limits cannot be reached", "gatewatch doctor"),
    "allowance_unavailable": Step("the control store is locked or cannot be written", "gatewatch doctor"),
    "ledger_full": Step("the disk is full: make room, and calls are taken again by themselves"),
    "key_paused": Step("what has paused its key ends that, too", "gatewatch alerts list"),
    "upstream_auth": Step("see which keys of the provider are held back, and why", "gatewatch providers list"),
}


def next_step(call: Row, rules: Row) -> Step | None:
    """None where nothing was refused, or nothing is known to help."""
    if call["status"] not in ("blocked", "error") or not call["error_kind"]:
        return None
    kind, rule_id = call["error_kind"], call.get("blocked_by")
    if kind == "budget_exceeded":
        return _budget(call, rules) if rule_id else _cap(call)
    if kind == "rate_limit_exceeded" and rule_id:
        return _limit(call, rules)
    return _STEPS.get(kind)


def _budget(call: Row, rules: Row) -> Step:
    rule = rules.get(call["blocked_by"]) or {}
    index = in_the_way(call)
    if index is None:
        return Step(f"see what is left of {safe(call['blocked_by'], 120)}", "gatewatch budgets list")
    check = checks(call)[index]
    missing = max(1, check.taken + check.asked - check.most)
    where, id = (shlex.quote(safe(text, 200)) for text in (rule.get("of") or "SCOPE", check.rule))
    until = _seconds(rule.get("begins_anew") or call["started_at"], later=0 if rule.get("begins_anew") else 1)
    much = f"--usd {usd_text(-(-missing // _CENT) * _CENT)}" if check.measure == "picos" else f"--tokens {missing}"
    wait = f"wait until it begins anew at {until}, or " if rule.get("begins_anew") else ""
    each = f", for each {rule['scope']}" if rule.get("of") and rule["of"] == rule["scope"] != "gateway" else ""
    return Step(
        f"{wait}lift it once{safe(each, 40)}:",
        f"gatewatch budgets grant {where} --budget {id} {much} --until {until} --reason …",
    )


def _limit(call: Row, rules: Row) -> Step:
    rule = rules.get(call["blocked_by"]) or {}
    index = in_the_way(call)
    check = None if index is None else checks(call)[index]
    raised = f"raise {safe(call['blocked_by'], 120)}"
    raised += " in the configuration file" if rule.get("managed_by") == "config" else ""
    if check and check.measure == "concurrent":
        return Step(f"wait until a call in flight has ended, or {raised}")
    if check and check.asked > check.most:
        return Step(f"this call never fits: make it smaller, or {raised}")
    window = f" of {rule['window']}" if rule.get("window") else ""
    return Step(f"wait until enough calls have left the window{window}: the reply's Retry-After said when; or {raised}")


def _cap(call: Row) -> Step:
    key = safe(call["key_id"] or "KEY", 60)
    return Step(
        f"its key's own cap is reached: raise it with `gatewatch keys edit {key}`", f"gatewatch keys show {key}"
    )


def _seconds(time: str, *, later: int) -> str:
    """A time without parts of a second, so many days later."""
    moment = datetime.fromisoformat(time).astimezone(UTC) + timedelta(days=later)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
