"""The ledger can be made anew from the journal, and the old one stays until the new one is right."""

import pytest
import zstandard

from gatewatch.errors import GatewatchError, NotAllowed
from gatewatch.ledger import rebuild as rebuilding
from gatewatch.ledger.answer import Checked
from gatewatch.ledger.rebuild import rebuild
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.gatewatch.ledger.queries.conftest import HOUR_WINDOW, mixed_traffic
from tests.kit.journals import NOW, Worker, a_call, closing, opening, segment, whole

QUESTIONS = ("overview", "series", "spend", "errors", "latency")


def quiet(text: str) -> None:
    """Somebody who does not want to know."""


def answers(home: Home) -> list[object]:
    service = LedgerService(home, clock=lambda: NOW)
    service.load_once()
    found = [service.ask(name, **HOUR_WINDOW).rows for name in QUESTIONS]
    calls = [{**row} for row in service.ask("calls", limit=500).rows]
    service.close()
    return [*found, calls]


@pytest.fixture
def filled(home: Home) -> Home:
    """Two finished runs, a segment of a third that still runs, some noise."""
    lines = mixed_traffic(150)
    split = next(n for n in range(100, len(lines)) if lines[n - 1].startswith(b'{"k":"close"'))
    segment(home, *lines[:split])
    segment(home, *lines[split:], b"noise\n", run="20261120T103000Z-00000002")
    segment(home, opening(a_call(200)), run="20261120T104000Z-00000003")
    answers(home)
    return home


def test_a_rebuilt_ledger_gives_the_same_answers(filled: Home) -> None:
    before = answers(filled)
    said: list[str] = []
    assert rebuild(filled, say=said.append).ok
    assert answers(filled) == before
    assert "quarantine" in said[0]


def test_a_damaged_ledger_comes_back(filled: Home) -> None:
    before = answers(filled)
    filled.ledger.write_bytes(b"\x00" * 100_000)
    said: list[str] = []
    rebuild(filled, say=said.append)
    assert "cannot be read" in said[0]
    assert answers(filled) == before


def test_a_ledger_that_was_deleted_comes_back(filled: Home) -> None:
    before = answers(filled)
    filled.ledger.unlink()
    rebuild(filled, say=quiet)
    assert answers(filled) == before


def test_a_worker_that_runs_meanwhile_loses_nothing(home: Home) -> None:
    alive = Worker(home)
    alive.write(whole(a_call(0)), opening(a_call(1)))
    answers(home)
    rebuild(home, say=quiet)
    alive.write(closing(a_call(1)))
    alive.die()
    service = LedgerService(home, clock=lambda: NOW)
    service.load_once()
    assert {row["call_id"]: row["status"] for row in service.ask("calls").rows} == {
        a_call(0).call_id: "ok",
        a_call(1).call_id: "ok",
    }
    service.close()


def test_calls_whose_segments_are_gone_are_not_given_up_unasked(filled: Home) -> None:
    first, *_ = sorted(filled.loaded.iterdir())
    first.unlink()
    content = filled.ledger.read_bytes()
    with pytest.raises(NotAllowed, match=r"\d+ calls stand only") as raised:
        rebuild(filled, say=quiet)
    assert "--accept-loss" in raised.value.next_step
    assert filled.ledger.read_bytes() == content
    assert rebuild(filled, accept_loss=True, say=quiet).ok


def test_a_packed_segment_that_is_damaged_is_not_given_up_unasked(filled: Home) -> None:
    first, *_ = sorted(filled.loaded.iterdir())
    whole_file = first.read_bytes()
    first.write_bytes(whole_file[:-40])
    with pytest.raises(NotAllowed, match="cannot be read"):
        rebuild(filled, say=quiet)
    first.write_bytes(zstandard.compress(zstandard.decompress(whole_file)))
    assert rebuild(filled, say=quiet).ok


def test_a_rebuilt_ledger_that_does_not_pass_its_check_replaces_nothing(
    filled: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = filled.ledger.read_bytes()
    bad = Checked(ok=False, problems=["a call too many"], calls=0, segments=0, gone=0)
    monkeypatch.setattr(rebuilding, "check", lambda *_: bad)
    with pytest.raises(GatewatchError, match="does not agree"):
        rebuild(filled, say=quiet)
    assert filled.ledger.read_bytes() == content
    assert list(filled.scratch.glob("*.duckdb*")) == []
