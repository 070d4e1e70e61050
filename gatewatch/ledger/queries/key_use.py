"""What single keys were used for, and by whom: which callers came, with which version of the key's secret."""

from typing import Any

from gatewatch.errors import UsageError
from gatewatch.ledger.answer import Found, Row
from gatewatch.ledger.asking import Asking, Windowed, usd
from gatewatch.ledger.facts import BLOCKED, FAILED
from gatewatch.timespan import Window, iso

LONGEST_US = 92 * 86_400_000_000
CALLERS = 20
"""The most callers that are named per key, the last seen first."""


class Params(Windowed):
    """A window of at most 92 days, to the microsecond, and the keys (all when left out)."""

    keys: tuple[str, ...] = ()


def answer(asking: Asking, params: Params) -> Found:
    """One row per key that came, the last one first; `blocked` are those of its calls that were refused."""
    window = _window(asking, params)
    where = asking.where(params.where)
    condition = "started_at >= make_timestamp(?) AND started_at < make_timestamp(?) AND key_id IS NOT NULL"
    parameters: list[object] = [window.since_us, window.until_us]
    if params.keys:
        condition += " AND list_contains(?::VARCHAR[], key_id)"
        parameters.append(list(params.keys))
    calls = f"(SELECT * FROM calls WHERE {condition} AND ({where.sql}))"
    parameters += where.parameters
    totals = asking.rows(
        f"""
        SELECT key_id, count(*), count(*) FILTER ({FAILED}), count(*) FILTER ({BLOCKED}), sum(input_tokens)::BIGINT,
            sum(output_tokens)::BIGINT, sum(cost), count(*) FILTER (cost IS NULL),
            epoch_us(min(started_at)), epoch_us(max(started_at)) AS last_used,
            list_sort(list(DISTINCT coalesce(model, requested_model)) FILTER (coalesce(model, requested_model) IS NOT NULL)),
            list_sort(list(DISTINCT endpoint) FILTER (endpoint IS NOT NULL))
        FROM {calls} GROUP BY key_id ORDER BY last_used DESC, key_id""",  # noqa: E501
        parameters,
    )
    callers = asking.rows(
        f"""
        SELECT key_id, source, client, key_version, count(*), count(*) FILTER ({BLOCKED}),
            epoch_us(max(started_at)) AS last_used
        FROM {calls} GROUP BY key_id, source, client, key_version
        ORDER BY last_used DESC, source, client, key_version""",
        parameters,
    )
    by_key: dict[str, list[Row]] = {}
    for key_id, *caller in callers:
        by_key.setdefault(key_id, []).append(_caller(*caller))
    return Found([_row(total, by_key[total[0]]) for total in totals], window, "calls")


def _row(total: tuple[Any, ...], callers: list[Row]) -> Row:
    key_id, calls, errors, blocked, read, written, cost, unpriced, first, last, models, endpoints = total
    return {
        "key_id": key_id,
        "calls": calls,
        "errors": errors,
        "blocked": blocked,
        "input_tokens": read,
        "output_tokens": written,
        "cost_usd": usd(cost, unpriced),
        "unpriced_calls": unpriced,
        "first_used": iso(first),
        "last_used": iso(last),
        "models": models or [],
        "endpoints": endpoints or [],
        "versions": _versions(callers),
        "callers": callers[:CALLERS],
        "callers_in_all": len({(caller["source"], caller["client"]) for caller in callers}),
    }


def _caller(
    source: str | None, client: str | None, version: int | None, calls: int, blocked: int, last_used: int
) -> Row:
    return {
        "source": source,
        "client": client,
        "key_version": version,
        "calls": calls,
        "blocked": blocked,
        "last_used": iso(last_used),
    }


def _versions(callers: list[Row]) -> list[Row]:
    """How often each version of the secret came, the newest last."""
    found: dict[int | None, Row] = {}
    for caller in callers:
        version = caller["key_version"]
        row = found.setdefault(version, {"key_version": version, "calls": 0, "blocked": 0, "last_used": ""})
        row["calls"] += caller["calls"]
        row["blocked"] += caller["blocked"]
        row["last_used"] = max(row["last_used"], caller["last_used"])
    return sorted(found.values(), key=lambda row: row["key_version"] or 0)


def _window(asking: Asking, params: Params) -> Window:
    """As asked for, not widened: what came before a rotation must not count as after it. Raises UsageError."""
    try:
        window = Window.parse(params.since, params.until, asking.now_us)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if window.until_us - window.since_us > LONGEST_US:
        raise UsageError("The use of keys is told for at most 92 days.", "Choose a shorter window.")
    return window
