"""What an operator can do about each kind of refusal: words, and a command with nothing left to fill in, if any.

Keeps true: a command only looks, or mends the one thing that it names: what widens a list of a key stands in words.
"""

import shlex
from collections.abc import Callable
from typing import NamedTuple

from app.cli.explaining.lines import Row
from gatewatch.control.alerts import lifting
from gatewatch.safe_text import safe


class Step(NamedTuple):
    """What to do, and the command for it, if there is one."""

    words: str
    command: str | None = None


Making = Callable[[Row], Step]


def quoted(text: object) -> str:
    """For a shell, and harmless on a terminal."""
    return shlex.quote(safe(text, 200))


def _plainly(words: str, command: str | None = None) -> Making:
    step = Step(words, command)
    return lambda _: step


def _of_key(words: str) -> Making:
    """`words` with KEY in them."""

    def made(call: Row) -> Step:
        key = call["key_id"]
        if not key:
            return Step(words, "gatewatch keys list")
        return Step(words.replace("KEY", safe(key, 60)), f"gatewatch keys show {quoted(key)}")

    return made


def _of_provider(words: str) -> Making:
    """`words` with ROUTE in them."""

    def made(call: Row) -> Step:
        name = call["provider"]
        route = safe(call["route"] or "its model", 80)
        told = words.replace("ROUTE", route)
        return Step(told, f"gatewatch providers test {quoted(name)}" if name else "gatewatch providers list")

    return made


def _revoked(call: Row) -> Step:
    target = f" --target {quoted(call['key_id'])}" if call["key_id"] else ""
    return Step("its key was revoked: see by whom", f"gatewatch audit list --action 'key.*'{target}")


def _key_kind(call: Row) -> Step:
    words = "an admin key makes no calls: make a client key"
    return Step(words, f"gatewatch keys create app --team {quoted(call['team'])}" if call["team"] else None)


def _paused(call: Row) -> Step:
    """The row names the alert: `alert ALERT|SUBJECT`."""
    kind, _, alert = (call["blocked_by"] or "").partition(" ")
    if kind != "alert" or not alert:
        return Step("its key is paused: see which alert has done that", "gatewatch alerts list")
    return Step(
        "an alert has paused its key; it stays so until somebody who has seen to the cause resumes it:",
        lifting(safe(alert, 200)),
    )


def _without_price(call: Row) -> Step:
    model = f"{safe(call['provider'], 80)}/{safe(call['model'], 120)}" if call["provider"] else "PROVIDER/MODEL"
    return Step(
        f"give it a price with `gatewatch prices set {model} --input USD --output USD --from DATE`, or allow models"
        " without one (`unpriced` in the configuration file); those that have one:",
        "gatewatch prices list",
    )


def _none_allowed(call: Row) -> Step:
    asked = [f"{name} {safe(call[name], 80)}" for name in ("region", "data_class") if call.get(name)]
    return Step(
        f"no target of {safe(call['route'] or 'its model', 80)} fits {' and '.join(asked) or 'what it has to keep to'}:"
        " give it one whose provider states such a `region` and `data_class`; what they state now:",
        "gatewatch config show",
    )


_LISTED = "let it, if it is meant to: `gatewatch keys edit KEY --{0} …` with what is listed now and this"
_DOWN = "test it, and give ROUTE a further target if it has none:"
_REQUEST = "the request itself is at fault, as said above: it has to be changed"

STEPS: dict[str, Making] = {
    "invalid_api_key": _plainly("see which keys there are: it is unknown, expired or revoked", "gatewatch keys list"),
    "key_revoked": _revoked,
    "key_kind": _key_kind,
    "key_leaked": _of_key(
        "its secret has shown up where none belongs: `gatewatch keys rotate KEY` gives it a new one; see first who uses"
        " it:"
    ),
    "key_paused": _paused,
    "network_not_allowed": _of_key(_LISTED.format("networks")),
    "dialect_not_allowed": _of_key(_LISTED.format("dialects")),
    "route_not_allowed": _of_key(_LISTED.format("routes")),
    "model_not_allowed": _of_key(_LISTED.format("models")),
    "model_not_found": _plainly("ask for a model that is configured, or add it to the file", "gatewatch config show"),
    "model_without_price": _without_price,
    "no_target_allowed": _none_allowed,
    "cost_ceiling": _plainly(
        "it has a ceiling: the model's `max_cost`, or the caller's own `x-gatewatch-max-cost-usd`; raise the lower one",
        "gatewatch config show",
    ),
    "limits_unavailable": _plainly("the store of the limits cannot be reached", "gatewatch doctor"),
    "allowance_unavailable": _plainly("the control store is locked or cannot be written", "gatewatch doctor"),
    "ledger_full": _plainly("the disk is full: make room, and calls are taken again by themselves", "gatewatch doctor"),
    "overloaded": _plainly("more came at once than the gateway takes: call again later", "gatewatch show overview"),
    "internal_error": _plainly("a fault of the gateway: its log has more under the call's id", "gatewatch doctor"),
    "gateway_stopping": _plainly("the gateway was being stopped: call again"),
    "unsupported_parameter": _plainly(
        "leave the parameter out, or have it left out: `drop_params: true` of the model", "gatewatch config show"
    ),
    "request_too_large": _plainly("make the request smaller: its size is bounded", "gatewatch config show"),
    "upstream_auth": _plainly(
        "see which keys of the provider are held back, and why; `gatewatch providers lift` ends that",
        "gatewatch providers quarantined",
    ),
    "upstream_rate_limited": _plainly(
        "the provider limits our key: see how near its limits are; a further key or target takes what is too much",
        "gatewatch providers list",
    ),
    "upstream_overloaded": _of_provider(f"the provider has too much to do: call again later, or {_DOWN}"),
    "upstream_timeout": _of_provider(f"the provider was too slow for the deadlines: raise them, or {_DOWN}"),
    "upstream_unreachable": _of_provider(f"the provider could not be reached: {_DOWN}"),
    "upstream_tls": _of_provider(f"there was no safe connection to the provider: {_DOWN}"),
    "upstream_truncated": _of_provider(f"the provider broke off in its reply: {_DOWN}"),
    "upstream_invalid": _of_provider(f"the provider's reply could not be read: {_DOWN}"),
    "upstream_error": _of_provider(f"the provider failed: {_DOWN}"),
}


def of_status(call: Row) -> Step | None:
    """For kinds that have no step of their own, as those that providers make up."""
    status = call["http_status"] or 0
    if status == 429:
        return Step("more came at once than may: call again later", "gatewatch limits list")
    if 400 <= status < 500:
        return Step(_REQUEST)
    return _of_provider(f"the provider failed: {_DOWN}")(call) if status >= 500 and call["attempts"] else None
