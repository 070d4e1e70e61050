"""What each team used."""

from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.journals import a_call, closing, segment


def test_teams_have_their_keys_and_sums(home: Home, service: LedgerService) -> None:
    segment(
        home,
        closing(a_call(0, key_id="k1")),
        closing(a_call(1, key_id="k2")),
        closing(a_call(2, team="chat")),
        closing(a_call(3, team=None)),
    )
    service.load_once()
    rows = service.ask("teams").rows
    assert [(row["team"], row["keys"], row["calls"], row["cost_usd"]) for row in rows] == [
        ("chat", 1, 1, "0.00045"),
        ("search", 2, 2, "0.0009"),
    ]
    assert rows[1]["last_used"] == "2026-11-20T10:00:01.000000Z"
