"""How keys are used: what the ledger says of a span of time, and what runs now."""

from contextlib import closing
from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.errors import GatewatchError
from gatewatch.timespan import iso

DAY_US = 86_400 * 1_000_000
LONGEST_US = 92 * DAY_US
"""For how long back the ledger tells of the use of keys."""

NOTHING: dict[str, Any] = {
    "calls": 0,
    "errors": 0,
    "blocked": 0,
    "input_tokens": 0,
    "output_tokens": 0,
    "cost_usd": "0",
    "unpriced_calls": 0,
    "first_used": None,
    "last_used": None,
    "models": [],
    "endpoints": [],
    "versions": [],
    "callers": [],
    "callers_in_all": 0,
}
"""The use of a key that was not used."""


class Use(msgspec.Struct, frozen=True):
    """What is known of the use of some keys."""

    by_key: dict[str, dict[str, Any]]
    unknown: str | None = None
    """Why nothing is known; None where it is."""

    def of(self, key_id: str) -> dict[str, Any] | None:
        """None where it is not known."""
        return None if self.unknown is not None else self.by_key.get(key_id, NOTHING)


def use_since(acting: Acting, keys: list[str], since_us: int) -> Use:
    """A ledger that cannot be read is told, never an error: it must not stand between a key and its revocation."""
    if not keys or (acting.gateway is None and not _has_ledger(acting)):
        return Use({})
    until_us = max(acting.store.clock(), since_us + 1) + 1
    try:
        with closing(acting.open_ledger()) as ledger:
            answer = ledger.ask("key_use", since=iso(since_us), until=iso(until_us), keys=keys)
    except GatewatchError as error:
        return Use({}, error.title)
    return Use({str(row.pop("key_id")): row for row in map(dict, answer.rows)})


def with_last_use(key: dict[str, Any], use: dict[str, Any] | None) -> dict[str, Any]:
    """The key as shown, with its last use as the ledger has it: the store learns of it some seconds later."""
    known = [at for at in (key["last_used_at"], use and use["last_used"]) if at]
    return key | {"last_used_at": max(known, default=None)}


def secrets_with_last_use(secrets: list[dict[str, Any]], use: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Likewise of the versions of its secret."""
    seen = {row["key_version"]: row for row in use["versions"]} if use else {}
    return [with_last_use(secret, seen.get(secret["version"])) for secret in secrets]


def in_flight(acting: Acting) -> dict[str, int] | None:
    """Calls that run now, by key; None where no gateway runs."""
    if acting.gateway is None:
        return None
    found: dict[str, int] = {}
    for worker in acting.gateway.live()["workers"]:
        for key_id, calls in worker.get("keys_in_flight", {}).items():
            found[key_id] = found.get(key_id, 0) + calls
    return found


def running(flights: dict[str, int] | None, key_id: str) -> int | None:
    """Of one key."""
    return None if flights is None else flights.get(key_id, 0)


def _has_ledger(acting: Acting) -> bool:
    """Whether there was any traffic ever: where there was none, no ledger is made just to be read."""
    home = acting.home
    return home.ledger.exists() or any(home.journal.glob("*.jsonl"))
