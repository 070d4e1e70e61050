"""Bodies in the files of a home, as a worker would have written them."""

from gatewatch.bodies.day_files import DayFiles, day_of
from gatewatch.bodies.record import Head, Kind, Packer, written
from gatewatch.call import Call
from gatewatch.paths import Home


def keep(home: Home, call: Call, text: bytes, kind: Kind = "request", files: DayFiles | None = None) -> None:
    """One body of a call. `text`: JSON. `files`: of the worker that goes on; left out: of one that ends behind it."""
    data = Packer()(text)
    head = Head(
        call_id=call.call_id, started_at=call.started_at, kind=kind, size=len(text), kept=len(text), stored=len(data)
    )
    writer = files or DayFiles(home.bodies)
    writer.append(day_of(call.started_at), written(head, data))
    if files is None:
        writer.close()
