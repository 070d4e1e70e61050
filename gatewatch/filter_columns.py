"""What a filter can ask about: the columns of `show calls`, how their values are typed, and the SQL they become.

The table is fixed. A column's SQL comes from here, a value only ever becomes a bound parameter.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from gatewatch.call import STATUSES
from gatewatch.timespan import EPOCH, MICROSECOND, parse_duration, parse_instant

Parameter = str | int | Decimal | bool | datetime
Kind = Literal["text", "status", "count", "time", "duration", "money", "yes/no"]
Operator = Literal["=", "~", ">", ">=", "<", "<="]

_BIGGEST = 2**63 - 1
_COUNT = re.compile(r"[0-9]{1,19}")
_DECIMAL = re.compile(r"([0-9]{1,15})(\.[0-9]{1,12})?|\.[0-9]{1,12}")
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Column:
    """One thing to ask about: its SQL with the parameters in it, and the kind of its values."""

    sql: str
    kind: Kind = "text"
    parameters: tuple[Parameter, ...] = ()
    is_a_reason: bool = False
    """Of calls alone to which something happened: `yes` and `no` ask whether it did."""


_TEXTS = (
    *("team", "project", "environment", "key_id", "key_name", "feature", "customer", "use_case", "task_id", "source"),
    *("client", "endpoint", "workload_class", "requested_model", "route", "provider", "provider_key", "model"),
    *("served_model", "cache", "finish_reason", "cost_basis", "price_row", "error_kind", "error_message"),
    *("dialect", "config_version", "route_version", "priority", "region", "data_class"),
)
_COUNTS = (
    *("http_status", "attempts", "client_retry", "input_tokens", "output_tokens", "input_uncached_tokens"),
    *("input_cache_read_tokens", "input_cache_write_5m_tokens", "input_cache_write_1h_tokens", "input_audio_tokens"),
    *("input_image_tokens", "output_reasoning_tokens", "output_audio_tokens", "key_version"),
    *("estimated_input_tokens", "estimated_output_tokens", "estimate_percent", "retries"),
)
COLUMNS: dict[str, Column] = {
    "call_id": Column("CAST(call_id AS VARCHAR)"),
    "started_at": Column("started_at", "time"),
    "status": Column("status", "status"),
    "user": Column('"user"'),
    **{name: Column(name) for name in _TEXTS},
    **{
        name: Column(name, is_a_reason=True)
        for name in ("blocked_by", "stepped_down", "routed_by", "passed_over", "degraded")
    },
    **{name: Column(name, "count") for name in _COUNTS},
    "stream": Column("stream", "yes/no"),
    "cost_usd": Column("cost", "money"),
    "latency_ms": Column("latency_us", "duration"),
    "ttft_ms": Column("ttft_us", "duration"),
    "upstream_ms": Column("upstream_us", "duration"),
    "overhead_ms": Column("overhead_us", "duration"),
    "queued_ms": Column("queued_us", "duration"),
    "reserved_usd": Column("reserved", "money"),
    "dropped_params": Column("array_to_string(dropped_params, ', ')"),
}
"""The names of `show calls` → column. `tag:NAME` comes on top of them."""

ALIASES = {
    "id": "call_id",
    "time": "started_at",
    "env": "environment",
    "key": "key_name",
    "task": "task_id",
    "error": "error_kind",
    "input": "input_tokens",
    "output": "output_tokens",
    "cost": "cost_usd",
    "latency": "latency_ms",
    "ttft": "ttft_ms",
    "upstream": "upstream_ms",
    "overhead": "overhead_ms",
    "queued": "queued_ms",
    "blocked": "blocked_by",
    "workload": "workload_class",
    "dropped": "dropped_params",
}

_SEARCHED = (
    *("call_id", "team", "project", "user", "key_name", "customer", "feature", "task_id", "requested_model", "model"),
    *("served_model", "route", "provider", "endpoint", "client", "error_kind", "error_message"),
)
FREE_TEXT = Column(f"concat_ws(chr(31), {', '.join(COLUMNS[name].sql for name in _SEARCHED)})")
"""Where a word without a column is looked for."""


def tag(name: str) -> Column:
    """The value of one tag of a call."""
    return Column("tags[?]", parameters=(name,))


def compare(column: Column, operator: Operator, values: Sequence[str], now_us: int) -> tuple[str, list[Parameter]]:
    """SQL and its parameters for `column operator value[,value…]`. Raises ValueError with what would be allowed."""
    if column.kind == "status":
        return _status(operator, values)
    if operator == "~":
        if column.kind != "text":
            raise ValueError(f"~ searches in text; this column holds a {column.kind}: use = != > >= < <=")
        return _any([(f"contains(lower({column.sql}), lower(?))", [*column.parameters, value]) for value in values])
    if operator == "=":
        return _any([_equal(column, value, now_us) for value in values])
    if column.kind in ("text", "yes/no"):
        raise ValueError(f"{operator} compares numbers and times; for {column.kind} use = != ~ !~")
    if len(values) > 1:
        raise ValueError(f"{operator} takes one value; only = != ~ !~ take a list")
    return f"{column.sql} {operator} ?", [_value(column.kind, values[0], now_us)]


def _equal(column: Column, value: str, now_us: int) -> tuple[str, list[Parameter]]:
    if column.kind == "text" and not value:
        return f"coalesce({column.sql}, '') = ''", [*column.parameters]
    if column.is_a_reason and value.lower() in ("yes", "no"):
        return f"{column.sql} IS {'NOT ' if value.lower() == 'yes' else ''}NULL", [*column.parameters]
    if column.kind == "money" and value == "unpriced":
        return f"{column.sql} IS NULL", []
    return f"{column.sql} = ?", [*column.parameters, _value(column.kind, value, now_us)]


def _status(operator: Operator, values: Sequence[str]) -> tuple[str, list[Parameter]]:
    """A number asks for the HTTP status, a word for ours."""
    if operator == "~":
        return compare(Column("status"), "~", values, 0)
    if operator == "=":
        return _any([_equal(_status_column(value), value, 0) for value in values])
    if not all(value.isdecimal() for value in values):
        raise ValueError(f"{operator} compares numbers, as in status{operator}400; for words use = != ~ !~")
    return compare(COLUMNS["http_status"], operator, values, 0)


def _status_column(value: str) -> Column:
    if value.isdecimal():
        return COLUMNS["http_status"]
    if value not in STATUSES:
        raise ValueError(f"no status {value!r}: it is a number or one of {', '.join(STATUSES)}")
    return Column("status")


def _value(kind: Kind, text: str, now_us: int) -> Parameter:
    """Typed text → parameter, in the unit of the column (microseconds, USD)."""
    match kind:
        case "count":
            if not _COUNT.fullmatch(text) or int(text) > _BIGGEST:
                raise ValueError(f"{text!r} is not a whole number")
            return int(text)
        case "money":
            if not _DECIMAL.fullmatch(text):
                raise ValueError(f"{text!r} is not an amount in USD (as in 0.05), nor unpriced")
            return Decimal(text)
        case "duration":
            if _DECIMAL.fullmatch(text):
                microseconds = Decimal(text) * 1000
                return int(microseconds) if microseconds == int(microseconds) else microseconds
            try:
                return parse_duration(text)
            except ValueError:
                raise ValueError(f"{text!r} is not a time: write milliseconds (as in 1500) or 1500ms, 2s") from None
        case "time":
            return (EPOCH + parse_instant(text, now_us) * MICROSECOND).replace(tzinfo=None)
        case "yes/no":
            if text.lower() not in _WORDS:
                raise ValueError(f"{text!r} is neither true nor false")
            return _WORDS[text.lower()]
    return text


def _any(parts: Sequence[tuple[str, list[Parameter]]]) -> tuple[str, list[Parameter]]:
    sql = " OR ".join(part for part, _ in parts)
    return f"({sql})" if len(parts) > 1 else sql, [value for _, values in parts for value in values]
