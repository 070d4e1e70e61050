"""What an operator can do about a call that was refused."""

from datetime import UTC, datetime, timedelta

from app.cli.explaining.admission import checks, in_the_way
from app.cli.explaining.lines import Row
from gatewatch.money import usd_text
from gatewatch.safe_text import safe

_CENT = 10**10
"""Picodollars."""

_STEPS = {
    "invalid_api_key": "`gatewatch keys list` shows the keys that there are; keys identify finds one by its secret",
    "key_revoked": "the key was revoked: `gatewatch keys create` makes another, `gatewatch audit list` says who did it",
    "model_not_found": "`gatewatch config show` lists the models; add it there, or ask for one of them",
    "model_not_allowed": "`gatewatch keys edit` changes which models the key may use",
    "model_without_price": "`gatewatch prices set` gives the model a price; `unpriced` in the file allows it without",
    "limits_unavailable": "the store of the limits cannot be reached: `gatewatch doctor`",
    "allowance_unavailable": "the control store is locked or cannot be written: `gatewatch doctor`",
    "ledger_full": "the disk is full: make room, calls are taken again by themselves",
    "key_paused": "`gatewatch alerts` shows what has paused it, and ends that",
    "upstream_auth": "`gatewatch providers quarantine` shows which keys of the provider are held back, and why",
}


def next_step(call: Row, rules: Row) -> str | None:
    """In words that can be typed; None where nothing was refused, or nothing is known to help."""
    if call["status"] not in ("blocked", "error") or not call["error_kind"]:
        return None
    kind, rule_id = call["error_kind"], call.get("blocked_by")
    if kind == "budget_exceeded":
        return _budget(call, rules) if rule_id else _cap(call)
    if kind == "rate_limit_exceeded" and rule_id:
        return _limit(call, rules)
    return _STEPS.get(kind)


def _budget(call: Row, rules: Row) -> str:
    rule = rules.get(call["blocked_by"]) or {}
    index = in_the_way(call)
    if index is None:
        return f"`gatewatch budgets` shows {safe(call['blocked_by'], 120)} and what is left of it"
    check = checks(call)[index]
    missing = max(1, check.taken + check.asked - check.most)
    scope = rule.get("scope") or "SCOPE"
    where = scope if not check.name or scope == "SCOPE" else f"{scope}/{check.name}"
    until = rule.get("begins_anew") or _a_day_later(call["started_at"])
    much = f"--usd {usd_text(-(-missing // _CENT) * _CENT)}" if check.measure == "picos" else f"--tokens {missing}"
    wait = (
        f"wait until {rule['begins_anew']}, when it begins anew, or lift it once: " if rule.get("begins_anew") else ""
    )
    return f"{wait}`gatewatch budgets grant {safe(where, 120)} {much} --until {until} --reason …`"


def _limit(call: Row, rules: Row) -> str:
    rule = rules.get(call["blocked_by"]) or {}
    index = in_the_way(call)
    check = None if index is None else checks(call)[index]
    raised = f"raise {safe(call['blocked_by'], 120)}"
    raised += " in the configuration file" if rule.get("managed_by") != "operator" else ""
    if check and check.measure == "concurrent":
        return f"wait until a call in flight has ended, or {raised}"
    if check and check.asked > check.most:
        return f"this call never fits: make it smaller, or {raised}"
    window = f" of {rule['window']}" if rule.get("window") else ""
    return f"wait until enough calls have left the window{window}: the reply's Retry-After says when; or {raised}"


def _cap(call: Row) -> str:
    key = safe(call["key_id"] or "KEY", 60)
    return (
        f"the key's own cap is reached: `gatewatch keys show {key}` tells of it, `gatewatch keys edit {key}` raises it"
    )


def _a_day_later(started_at: str) -> str:
    began = datetime.fromisoformat(started_at).astimezone(UTC)
    return (began + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
