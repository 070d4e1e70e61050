"""A call, and an attempt, as scripts and screens see it: names, units and values of JSON."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from gatewatch.errors import UsageError
from gatewatch.ids import milliseconds_of
from gatewatch.keys.secret_shapes import shown
from gatewatch.ledger.answer import Row
from gatewatch.ledger.asking import ms, usd
from gatewatch.ledger.families import TOKENS, quoted
from gatewatch.money import usd_text
from gatewatch.timespan import Window, iso

CLOCK_SLACK_MS = 60_000
"""How far a call's start may lie from the time in its id: the clock may have been set between the two."""


def _time(us: int | None) -> str | None:
    return None if us is None else iso(us)


def _json(text: str | None) -> Any:
    return None if text is None else msgspec.json.decode(text)


def _checks(text: str | None) -> list[dict[str, Any]]:
    """Each rule that was met, with what its counter had: money as decimal text."""
    return [_check(*each[:7]) for each in _json(text) or ()]


def _check(rule: str, name: str, measure: str, *amounts: int) -> dict[str, Any]:
    is_money = measure == "picos"
    told = [usd_text(each) if is_money else each for each in amounts]
    counter = {"rule": rule, "name": name, "measure": "usd" if is_money else measure}
    return counter | dict(zip(("taken", "held", "asked", "most"), told, strict=True))


@dataclass(frozen=True)
class Shape:
    """How one column is read: its SQL, and what makes a JSON value of what DuckDB returns."""

    sql: str
    value: Callable[[Any], Any] = lambda value: value


def _plain(*names: str) -> dict[str, Shape]:
    return {name: Shape(quoted(name)) for name in names}


def _ms(*names: str) -> dict[str, Shape]:
    return {f"{name}_ms": Shape(f"{name}_us", ms) for name in names}


_CALL_ID = {"call_id": Shape("call_id::VARCHAR")}
_STARTED_AT = {"started_at": Shape("epoch_us(started_at)", _time)}

CALL: Mapping[str, Shape] = {
    **_CALL_ID,
    **_STARTED_AT,
    **_plain("team", "project", "key_id", "key_name", "user", "task_id"),
    "tags": Shape("tags", lambda tags: tags or {}),
    **_plain("endpoint", "requested_model", "model", "provider", "route", "status", "http_status", "error_kind"),
    **_plain("stream", "cache", *TOKENS),
    "cost_usd": Shape("cost", usd),
    **_plain("cost_basis", "price_row", "attempts"),
    **_ms("latency", "ttft", "overhead"),
    **_plain("environment", "feature", "customer", "use_case", "workload_class", "client"),
    "params": Shape("params", lambda params: _json(params) or {}),
    **_plain("config_version", "route_version", "error_message", "served_model", "provider_key", "dialect"),
    **_ms("upstream"),
    "dropped_params": Shape("dropped_params", lambda names: names or []),
}
"""The columns of `show calls`."""
WHOLE_CALL: Mapping[str, Shape] = {
    **CALL,
    "ended_at": Shape("epoch_us(ended_at)", _time),
    **_plain("source", "client_retry", "finish_reason", "key_version"),
    **_plain("estimated_input_tokens", "estimated_output_tokens", "estimate_percent", "estimated_others"),
    "reserved_usd": Shape("reserved", lambda reserved: None if reserved is None else usd(reserved)),
    "checked": Shape("checked", _checks),
    **_plain("blocked_by", "priority", "deferred", "stepped_down"),
    **_ms("queued"),
    "request_shape": Shape("request_shape", _json),
    **_plain("routed_by", "retries", "degraded", "data_class", "region"),
    "passed_over": Shape(
        "passed_over", lambda text: [dict(zip(("target", "why"), each, strict=True)) for each in _json(text) or ()]
    ),
    "avoided_usd": Shape("avoided", lambda avoided: None if avoided is None else usd(avoided)),
    "lost_usd": Shape("lost", lambda lost: None if lost is None else usd(lost)),
    **_plain("answer_of", "waited_for"),
    **_ms("cache_age"),
    "usage": Shape("usage", _json),
    "segment": Shape("segment"),
    "loaded_at": Shape("epoch_us(loaded_at)", _time),
}
"""All that the ledger knows about a call."""
ATTEMPT: Mapping[str, Shape] = {
    **_STARTED_AT,
    **_plain("n", "provider", "model", "provider_key", "status", "http_status", "error_kind", "error_message"),
    **_plain("upstream_request_id"),
    **_ms("connect", "first_byte", "latency"),
}


def select_list(shapes: Mapping[str, Shape]) -> str:
    """SQL that reads these columns."""
    return ", ".join(f"{shape.sql} AS {quoted(name)}" for name, shape in shapes.items())


def as_row(shapes: Mapping[str, Shape], values: Sequence[Any]) -> Row:
    """What `select_list` returned, for JSON."""
    return {name: shape.value(value) for (name, shape), value in zip(shapes.items(), values, strict=True)}


def around(call_id: str) -> Window:
    """When the call of this id started, within a minute. Raises UsageError for what is no call id."""
    try:
        made = milliseconds_of(call_id)
    except ValueError:
        raise UsageError(
            f"{shown(call_id)} is not a call id", "It is the UUID in the header x-gatewatch-call-id."
        ) from None
    return Window(max(0, made - CLOCK_SLACK_MS) * 1000, (made + CLOCK_SLACK_MS) * 1000)


def as_call_id(text: str) -> str:
    """The id as the ledger writes it. Raises UsageError."""
    around(text)
    return str(uuid.UUID(text))
