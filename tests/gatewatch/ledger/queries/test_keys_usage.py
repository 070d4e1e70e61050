"""What each key was used for."""

from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.journals import a_call, closing, segment


def test_keys_come_last_used_first_with_their_newest_name(home: Home, service: LedgerService) -> None:
    segment(
        home,
        closing(a_call(0, key_id="k1", key_name="old name", cost_picos=10**12)),
        closing(a_call(1, key_id="k2", key_name="other", team="chat", cost_picos=None, cost_basis="unpriced")),
        closing(a_call(2, key_id="k1", key_name="new name", cost_picos=10**11)),
        closing(a_call(3, key_id=None, key_name=None, status="blocked")),
    )
    service.load_once()
    rows = service.ask("keys_usage").rows
    assert rows == [
        {
            "key_id": "k1", "key_name": "new name", "team": "search", "project": None,
            "last_used": "2026-11-20T10:00:02.000000Z", "calls": 2, "input_tokens": 200, "output_tokens": 40,
            "cost_usd": "1.1", "unpriced_calls": 0,
        },
        {
            "key_id": "k2", "key_name": "other", "team": "chat", "project": None,
            "last_used": "2026-11-20T10:00:01.000000Z", "calls": 1, "input_tokens": 100, "output_tokens": 20,
            "cost_usd": "unpriced", "unpriced_calls": 1,
        },
    ]  # fmt: skip
