"""Compaction makes one row of many deltas, and changes no answer."""

from gatewatch.ledger.compact import GRACE_US, compact
from gatewatch.ledger.families import FAMILIES, UNITS
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.gatewatch.ledger.queries.conftest import HOUR_WINDOW, mixed_traffic
from tests.kit.journals import DAY, HOUR, MINUTE, NOW, T0, a_call, closing, worker

QUESTIONS = ("overview", "series", "latency", "spend", "errors", "keys_usage", "teams")


def rows(service: LedgerService, table: str) -> int:
    assert service._connection is not None
    ((count,),) = service._connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(count)


def compacted(service: LedgerService, now_us: int) -> int:
    assert service._connection is not None
    return compact(service._connection, now_us)


def test_sixty_deltas_of_a_minute_become_one_row(home: Home, service: LedgerService) -> None:
    with worker(home) as alive:
        for n in range(60):
            alive.write(closing(a_call(n)))
            service.load_once()
    assert rows(service, "traffic_minute") == 60
    assert compacted(service, NOW) > 0
    assert rows(service, "traffic_minute") == rows(service, "spend_minute") == 1
    assert service.ask("overview").rows[0]["calls"] == 60
    assert compacted(service, NOW) == 0


def test_answers_are_the_same_before_and_after(home: Home, service: LedgerService) -> None:
    lines = mixed_traffic(200)
    with worker(home) as alive:
        for begin in range(0, len(lines), 20):
            alive.write(*lines[begin : begin + 20])
            service.load_once()
    before = [service.ask(name, **HOUR_WINDOW).rows for name in QUESTIONS]
    assert compacted(service, NOW + 2 * DAY) > 100
    assert [service.ask(name, **HOUR_WINDOW).rows for name in QUESTIONS] == before
    assert service.check().ok
    assert service._connection is not None
    for family in FAMILIES:
        for unit in UNITS:
            query = f"SELECT max(n) FROM (SELECT count(DISTINCT batch) AS n FROM {family.table(unit)} GROUP BY bucket)"
            assert service._connection.execute(query).fetchall() == [(1,)]


def test_a_late_call_adds_to_a_compacted_bucket(home: Home, service: LedgerService) -> None:
    with worker(home) as alive:
        for n in range(2):
            alive.write(closing(a_call(n)))
            service.load_once()
        compacted(service, NOW)
        alive.write(closing(a_call(2)))
        service.load_once()
        assert rows(service, "traffic_minute") == 2
        assert service.ask("overview").rows[0]["calls"] == 3
        compacted(service, NOW)
        assert rows(service, "traffic_minute") == 1
        assert service.ask("overview").rows[0]["calls"] == 3


def test_an_open_bucket_is_left_alone_until_it_has_many_deltas(home: Home, service: LedgerService) -> None:
    with worker(home) as alive:
        for n in range(40):
            alive.write(closing(a_call(n)))
            service.load_once()
            if n == 9:
                compacted(service, T0 + 10_000_000)
                assert rows(service, "traffic_day") == 10
    compacted(service, T0 + 40_000_000)
    assert rows(service, "traffic_day") == 1


def test_a_bucket_is_closed_a_while_after_its_end(home: Home, service: LedgerService) -> None:
    with worker(home) as alive:
        for n in range(2):
            alive.write(closing(a_call(n)))
            service.load_once()
    compacted(service, T0 + MINUTE + GRACE_US - 1)
    assert rows(service, "traffic_minute") == 2
    compacted(service, T0 + MINUTE + GRACE_US)
    assert (rows(service, "traffic_minute"), rows(service, "traffic_hour")) == (1, 2)
    compacted(service, T0 + HOUR + GRACE_US)
    assert (rows(service, "traffic_hour"), rows(service, "traffic_day")) == (1, 2)


def test_the_recorder_compacts_by_itself(home: Home) -> None:
    now = [NOW]
    service = LedgerService(home, clock=lambda: now[0])
    with worker(home) as alive:
        for n in range(3):
            alive.write(closing(a_call(n)))
            now[0] += 1
            service.load_once()
        assert rows(service, "traffic_minute") == 3
        now[0] += 60_000_000
        service.load_once()
        assert rows(service, "traffic_minute") == 1
    service.close()
