"""What the cache answered."""

from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.journals import a_call, closing, segment


def test_look_ups_and_hits_are_counted_by_model(home: Home, service: LedgerService) -> None:
    kinds = [("a", "hit"), ("a", "hit"), ("a", "miss"), ("a", "bypass"), ("b", "semantic"), ("b", "miss"), ("c", None)]
    segment(home, *[closing(a_call(n, model=model, cache=kind)) for n, (model, kind) in enumerate(kinds)])
    service.load_once()
    assert service.ask("cache").rows == [
        {"group": "a", "lookups": 3, "hits": 2, "semantic_hits": 0, "hit_rate": 0.666667, "avoided_usd": None},
        {"group": "b", "lookups": 2, "hits": 0, "semantic_hits": 1, "hit_rate": 0.5, "avoided_usd": None},
    ]


def test_what_hits_avoided_is_summed_by_rollups_and_calls_alike(home: Home, service: LedgerService) -> None:
    hits = [("bot", 1_500_000_000_000), ("bot", 250_000_000_000), ("bot", None), ("free", 0)]
    calls = [a_call(n, route=route, cache="hit", avoided_picos=picos) for n, (route, picos) in enumerate(hits)]
    segment(home, *[closing(each) for each in calls], closing(a_call(9, route="other", cache="miss")))
    service.load_once()
    for where in (None, "attempts>=0"):
        rows = service.ask("cache", by="route", where=where).rows
        avoided = {row["group"]: row["avoided_usd"] for row in rows}
        assert avoided == {"bot": "1.75", "free": "0", "other": "0"}


def test_without_a_cache_there_is_nothing_to_show(loaded: LedgerService) -> None:
    assert loaded.ask("cache", since="1d").rows == []
