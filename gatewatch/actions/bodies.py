"""Reads what a call said and was told, where that is kept. Every reading is in the audit trail before it is shown."""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission
from gatewatch.bodies.day_files import place
from gatewatch.bodies.record import Broken, unpacked
from gatewatch.errors import GatewatchError, NotAllowed, NotFound
from gatewatch.keys.secret_shapes import shown


class ReadBodies(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Of one call."""

    call_id: str


@action("bodies.read", Permission.BODIES_READ, ReadBodies, changes=False)
def read(acting: Acting, asked: ReadBodies) -> list[dict[str, Any]]:
    """The request, then the reply: `kind`, what became of it (`size`, `kept`, `cut`, `redacted`), and `body` as JSON.

    Raises NotFound where none is kept, NotAllowed for keys of one team or of test calls.
    """
    if acting.actor.team is not None or acting.actor.test_only:
        raise NotAllowed(f"{acting.actor.id} may not read bodies: they are of all teams", "ask with a key of all teams")
    ledger = acting.open_ledger()
    try:
        answer = ledger.ask("body_places", call_id=asked.call_id)
    finally:
        ledger.close()
    if not answer.rows:
        raise NotFound(
            f"no bodies are kept of the call {shown(asked.call_id)}",
            "they are kept where `ledger.bodies`, its model or its team says so, until `ledger.retention.bodies`",
        )
    acting.store.audit("bodies.read", asked.call_id, kinds=[row["kind"] for row in answer.rows])
    return [_told(acting, row) for row in answer.rows]


def _told(acting: Acting, row: dict[str, Any]) -> dict[str, Any]:
    try:
        with place(acting.home.bodies, row["file"]).open("rb") as file:
            file.seek(row["offset"])
            body = msgspec.json.decode(unpacked(file.read(row["stored"])))
    except FileNotFoundError:
        raise NotFound("the bodies of this day were deleted", "see `gatewatch show retention`") from None
    except (OSError, ValueError, Broken) as error:
        raise GatewatchError(f"a kept body cannot be read: {error}", f"look at {acting.home.bodies}") from error
    return {name: row[name] for name in ("kind", "size", "kept", "cut", "redacted")} | {"body": body}
