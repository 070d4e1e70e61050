"""The index of bodies says where they stand, and to nobody of one team alone."""

import pytest

from gatewatch.errors import NotAllowed, UsageError
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.bodies_made import keep
from tests.kit.journals import a_call


def test_a_call_is_asked_for_by_its_id(home: Home, service: LedgerService) -> None:
    keep(home, a_call(0), b'{"content":"hello"}')
    service.load_once()
    ((row),) = service.ask("body_places", call_id=a_call(0).call_id.upper()).rows
    assert (row["kind"], row["kept"], row["cut"]) == ("request", 19, 0)
    assert row["file"].startswith("2026-11-20/")
    with pytest.raises(UsageError, match="not a call id"):
        service.ask("body_places", call_id="x' OR 1=1")


def test_keys_of_one_team_are_not_told(service: LedgerService) -> None:
    for query in ("body_places", "retention"):
        with pytest.raises(NotAllowed):
            service.ask_within("search", query)
