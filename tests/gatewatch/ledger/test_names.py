"""A flood of names neither grows the rollups nor loses a call."""

from typing import Any

from gatewatch.ledger.connect import connect
from gatewatch.ledger.names import LIMIT, Names
from gatewatch.ledger.recorder import Recorder
from gatewatch.ledger.schema import migrate
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.journals import DAY, NOW, T0, a_call, closing, segment, worker


def groups(service: LedgerService, **params: Any) -> dict[Any, int]:
    return {row["group"]: row["calls"] for row in service.ask("spend", **params).rows}


def test_names_beyond_the_thousandth_are_other_and_counted(home: Home, service: LedgerService) -> None:
    calls = [a_call(n, user=f"user-{n:05}") for n in range(LIMIT + 25)]
    segment(home, *map(closing, calls))
    service.load_once()
    found = groups(service, by="user", since="1d", limit=2000)
    assert len(found) == 1000 + 1 == LIMIT + 1
    assert found["other"] == 25
    assert sum(found.values()) == len(calls)
    assert service.check().ok
    (alarm,) = service.fresh()["alarms"]
    assert "user" in alarm
    assert "25 calls" in alarm


def test_the_calls_keep_every_name(home: Home, service: LedgerService) -> None:
    segment(home, *[closing(a_call(n, user=f"user-{n:05}")) for n in range(LIMIT + 5)])
    service.load_once()
    found = groups(service, by="user", where="client_retry=0", since="1d", limit=2000)
    assert len(found) == LIMIT + 5


def test_other_dimensions_of_a_folded_call_are_kept(home: Home, service: LedgerService) -> None:
    segment(home, *[closing(a_call(n, user=f"user-{n:05}")) for n in range(LIMIT + 5)])
    service.load_once()
    assert groups(service, by="team", since="1d") == {"search": LIMIT + 5}


def test_a_name_once_admitted_stays_itself_all_day_whoever_records(home: Home) -> None:
    with worker(home) as alive:
        for n, users in enumerate((["a", "b"], ["c", "a"], ["b", "d", None])):
            connection = connect(home.ledger, home.scratch)
            migrate(connection)
            alive.write(*[closing(a_call(10 * n + i, user=user)) for i, user in enumerate(users)])
            Recorder(home, connection, names=Names(limit=2), clock=lambda: NOW).load_once()
            connection.close()
    service = LedgerService(home, clock=lambda: NOW)
    assert groups(service, by="user") == {"a": 2, "b": 2, "other": 2, None: 1}
    service.close()


def test_a_new_day_admits_new_names(home: Home) -> None:
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    calls = [a_call(n, at_us=T0 - day * DAY + n, user=f"{day}-{n}") for day in (0, 1) for n in range(3)]
    segment(home, *map(closing, calls))
    Recorder(home, connection, names=Names(limit=2), clock=lambda: NOW).load_once()
    connection.close()
    service = LedgerService(home, clock=lambda: NOW)
    assert groups(service, by="user", since="2d") == {"0-0": 1, "0-1": 1, "1-0": 1, "1-1": 1, "other": 2}
    service.close()


def test_many_days_are_forgotten_and_looked_up_again(home: Home) -> None:
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    recorder = Recorder(home, connection, names=Names(limit=1), clock=lambda: NOW)
    for n, day in enumerate([*range(12), *range(12)]):
        segment(home, closing(a_call(n, at_us=T0 - day * DAY, user=f"u{n}")), run=f"20261120T1000{n:02}Z-00000001")
        recorder.load_once()
    found = connection.execute('SELECT "user", sum(calls)::INT FROM spend_day GROUP BY 1').fetchall()
    assert dict(found) == {**{f"u{n}": 1 for n in range(12)}, "other": 12}
    connection.close()
