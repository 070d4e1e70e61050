"""Each class of data says how long it is kept, since when there is any, how much, and what goes next."""

from gatewatch.control.store import ControlStore
from gatewatch.ledger.keeping import Keeping
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from gatewatch.timespan import iso
from tests.kit.bodies_made import keep
from tests.kit.journals import DAY, NOW, T0, a_call, segment, whole


def test_every_class_is_told(home: Home, service: LedgerService) -> None:
    segment(home, *(whole(a_call(n)) for n in range(20)))
    keep(home, a_call(0), b'{"content":"hello"}')
    with ControlStore.open(home.control, clock=lambda: T0) as store:
        for n in range(27):
            store.create_team(f"team-{n}")
    service.keep(Keeping(calls=60 * DAY, bodies=14 * DAY))
    service.load_once()
    rows = {row["class"]: row for row in service.ask("retention").rows}
    assert {name: row["kept"] for name, row in rows.items()} == {
        "bodies": "14d",
        "calls": "60d",
        "minutes": "100d",
        "hours": "800d",
        "days": "for ever",
        "journal": "60d",
        "quarantine": "as long as its segment",
        "leftovers": "1d",
        "audit": "for ever",
        "grants": "for ever",
        "alerts": "30d once they are over",
        "configurations": "the last 500",
        "counters": "the last one",
    }
    assert (rows["audit"]["rows"], rows["audit"]["oldest"]) == (27, iso(T0))
    assert rows["audit"]["bytes"] >= home.control.stat().st_size, "files that hold it, and what is beside it"
    midnight = T0 // DAY * DAY
    bodies = rows["bodies"]
    assert (bodies["rows"], bodies["oldest"], bodies["next_deletion"]) == (1, iso(midnight), iso(midnight + 15 * DAY))
    (file,) = (path for path in home.bodies.rglob("*") if path.is_file())
    assert bodies["bytes"] >= file.stat().st_size > 0
    assert rows["calls"]["oldest"] == iso(T0)
    assert rows["calls"]["next_deletion"] == iso(midnight + 61 * DAY)
    assert (rows["journal"]["rows"], rows["days"]["next_deletion"]) == (1, None)
    assert rows["journal"]["bytes"] == sum(path.stat().st_size for path in home.loaded.iterdir())


def test_the_size_of_what_is_in_no_block_yet_is_not_said_to_be_nothing(home: Home, service: LedgerService) -> None:
    segment(home, *(whole(a_call(n)) for n in range(3)))
    service.load_once()
    (calls,) = [row for row in service.ask("retention").rows if row["class"] == "calls"]
    assert calls["rows"] > 0
    assert calls["bytes"] != 0


def test_an_empty_ledger_is_told_too(service: LedgerService) -> None:
    rows = service.ask("retention").rows
    assert {row["kept"] for row in rows} == {None, "as long as its segment", "1d"}
    assert {row["oldest"] for row in rows} <= {None, iso(NOW)}
    assert not any(row["rows"] for row in rows)
