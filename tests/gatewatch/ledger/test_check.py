"""A check finds what does not add up."""

import pytest

from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.gatewatch.ledger.queries.conftest import mixed_traffic
from tests.kit.journals import a_call, closing, opening, segment, whole, worker


@pytest.fixture
def filled(home: Home, service: LedgerService) -> LedgerService:
    segment(home, *mixed_traffic(60), b"noise\n", b'{"torn')
    service.load_once()
    return service


def spoil(service: LedgerService, statement: str) -> None:
    assert service._connection is not None
    service._connection.execute(statement)


def test_a_sound_ledger_passes(filled: LedgerService) -> None:
    told = list[tuple[int, int]]()
    checked = filled.check(lambda done, total: told.append((done, total)))
    assert (checked.ok, checked.problems, checked.calls, checked.segments, checked.gone) == (True, [], 60, 1, 0)
    assert told[-1][0] == told[-1][1] > 0


def test_what_is_still_in_flight_is_no_problem(home: Home, service: LedgerService) -> None:
    with worker(home) as alive:
        alive.write(whole(a_call(0)), opening(a_call(1)))
        service.load_once()
        alive.write(closing(a_call(1))[:50])
        assert service.check().ok


@pytest.mark.parametrize(
    ("spoiling", "said"),
    [
        ("INSERT INTO calls FROM calls LIMIT 1", "different ids"),
        ("DELETE FROM calls WHERE status = 'ok' AND rowid < 20", "in the journal"),
        ("UPDATE calls SET cost = cost + 0.000000000001 WHERE rowid = 3", "cost"),
        ("DELETE FROM spend_hour", "spend_hour"),
        ("UPDATE traffic_day SET calls = calls + 1 WHERE rowid = 0", "traffic_day"),
        ("UPDATE spend_minute SET input_tokens = 0", "spend_minute"),
        ("DELETE FROM attempts WHERE rowid = 0", "attempts"),
        ("DELETE FROM rejected", "rejected"),
        ("DELETE FROM journal_quarantine", "bad lines"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_named(filled: LedgerService, spoiling: str, said: str) -> None:
    spoil(filled, spoiling)
    checked = filled.check()
    assert not checked.ok
    assert any(said in problem for problem in checked.problems), checked.problems


def test_segments_that_are_gone_are_counted_and_no_problem(home: Home, filled: LedgerService) -> None:
    (packed,) = home.loaded.iterdir()
    packed.unlink()
    checked = filled.check()
    assert (checked.ok, checked.segments, checked.gone) == (True, 0, 1)
