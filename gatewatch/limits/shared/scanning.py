"""Which counters there are in the store. It is looked through once, whatever else is kept there, for all rules."""

from collections.abc import Iterable

from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.connection import Connection
from gatewatch.limits.shared.names import Names, token

_SCANNED = 1000


async def counters_of(connection: Connection, names: Names, rules: Iterable[Rule]) -> dict[bytes, str]:
    """Key → counter (`RULE|NAME`), in the order of the keys. Raises StoreAway, StoreError."""
    by_token = {token(rule): rule.id for rule in rules}
    found = {}
    for key in await _keys(connection, names.counters):
        of, _, name = key.decode("utf-8", "replace").removeprefix(names.counters).partition("|")
        if rule := by_token.get(of):
            found[key] = f"{rule}|{name}"
    return found


async def _keys(connection: Connection, begin: str) -> list[bytes]:
    """All that begin so, in their order."""
    pattern = "".join(f"\\{each}" if each in "*?[]^\\-" else each for each in begin) + "*"
    found: set[bytes] = set()
    cursor: object = b"0"
    while True:
        said = await connection.ask("SCAN", _bytes(cursor), "MATCH", pattern, "COUNT", _SCANNED)
        assert isinstance(said, list)
        cursor, keys = said
        found.update(keys)
        if _bytes(cursor) == b"0":
            return sorted(found)


def _bytes(cursor: object) -> bytes:
    assert isinstance(cursor, bytes)
    return cursor
