"""Which store one talks to: the process, not the address. One that was started anew, or took over from another, may
have forgotten something."""

from collections.abc import Iterable

from gatewatch.limits.shared.connection import Connection, StoreAway
from gatewatch.limits.shared.resp import StoreError
from gatewatch.limits.shared.scripts import Script


async def store_id(connection: Connection) -> str:
    """A new one with each start. Raises StoreAway, StoreError."""
    fields = await info(connection, "server")
    if not (found := fields.get("run_id")):
        raise StoreAway("it does not say which run of the store it is (INFO server, run_id)")
    return found


async def info(connection: Connection, section: str) -> dict[str, str]:
    """What it says of itself."""
    said = await connection.ask("INFO", section)
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else ""
    return {name: value for name, _, value in (line.partition(":") for line in text.splitlines()) if value}


async def load(connection: Connection, scripts: Iterable[Script]) -> None:
    """Teach it these scripts."""
    for script in scripts:
        sha = await connection.ask("SCRIPT", "LOAD", script.source)
        if sha != script.sha.encode():
            raise StoreError("it calls our script by another name")
