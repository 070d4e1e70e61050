"""A call's story tells where it could have gone, and why it did not."""

from app.cli.explaining.routed import routed
from tests.app.cli.explaining.conftest import A_TRY, MakeRow


def test_a_call_that_went_straight_has_nothing_to_tell(row: MakeRow) -> None:
    assert [*routed(row())] == []
    assert [*routed(row(routed_by=None, passed_over=[], retries=0, degraded=None, region=None, data_class=None))] == []


def test_what_it_had_to_keep_to_and_what_was_passed_over(row: MakeRow) -> None:
    passed = [
        {"target": "openai/gpt-4o", "why": "not in the region eu"},
        {"target": "eu/gpt-4o", "why": "breaker_open"},
        {"target": "eu/gpt-4.1", "why": "provider_limit"},
    ]
    assert [*routed(row(region="eu+ch", data_class="confidential", passed_over=passed))] == [
        "  had to be answered in the region eu and in ch",
        "  of the data class confidential, as its route, its key or its caller says",
        "  passed over openai/gpt-4o: not in the region eu",
        "  passed over eu/gpt-4o: calls had failed there, so that others came first",
        "  passed over eu/gpt-4.1: it was left alone, as the provider had said 429 or its limits were reached",
    ]


def test_what_decided_over_the_routes_order(row: MakeRow) -> None:
    assert [*routed(row(routed_by="canary:bot"))] == ["  canary:bot: it belonged to a canary"]
    for by in ("rollback:bot", "drain:openai", "shift:openai/gpt-4o", "something:new"):
        (told,) = routed(row(routed_by=by))
        assert told.startswith(f"  {by}: ")


def test_retries_and_the_last_resort(row: MakeRow) -> None:
    assert [*routed(row(retries=1, degraded="stored_reply"))] == [
        "  asked again once at a target that had failed",
        "  no target answered: the caller got the route's stored text",
    ]


def test_a_hedge_is_told(row: MakeRow) -> None:
    left = A_TRY | {"status": "error", "http_status": None, "error_kind": "hedged"}
    assert [*routed(row(attempts_detail=[left, A_TRY | {"n": 2, "provider": "second"}]))] == [
        "  hedged: two targets were asked, and openai/gpt-4o was left, as the other was the first to answer"
    ]


def test_names_are_harmless_on_a_terminal(row: MakeRow) -> None:
    told = "".join(routed(row(routed_by="\x1b[2J", passed_over=[{"target": "\x1b]0;x\x07", "why": "\x1b[31m"}])))
    assert "\x1b" not in told
    assert "\x07" not in told
