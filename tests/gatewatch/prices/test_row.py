"""A price row says what it says for good: its id follows from its content, and only its end may come later."""

from datetime import UTC, datetime

import msgspec
import pytest

from gatewatch.prices.row import PIECE_METERS, TOKEN_METERS, Match, PriceRow, Prices, minutes, price_row

RECORDED = datetime(2026, 11, 21, tzinfo=UTC)
START = datetime(2026, 10, 14, tzinfo=UTC)


def row(**changes: object) -> PriceRow:
    fields: dict[str, object] = {
        "provider": "openai",
        "model": "gpt-4o",
        "match": Match(equals="gpt-4o"),
        "prices": Prices(input=2_500_000, output=10_000_000),
        "source": "operator",
        "recorded_at": RECORDED,
    }
    return price_row(**(fields | changes))  # type: ignore[arg-type]


def test_an_id_can_be_read_and_ends_in_a_hash() -> None:
    name, dash, digest = row(tier="batch", above=200_000, valid_from=START).id.partition("#")
    assert (name, dash, len(digest)) == ("openai/gpt-4o:batch>200000@2026-10-14", "#", 8)
    assert row().id.startswith("openai/gpt-4o@any#")
    assert row(valid_from=START.replace(hour=7)).id.startswith("openai/gpt-4o@2026-10-14T07:00:00Z#")


def test_the_same_content_is_the_same_id_whenever_and_whoever_recorded_it() -> None:
    later = row(valid_to=RECORDED, recorded_at=RECORDED.replace(year=2027), source="another")
    assert later.id == row().id


@pytest.mark.parametrize(
    "change",
    [
        {"prices": Prices(input=2_500_001, output=10_000_000)},
        {"match": Match(starts_with="gpt-4o")},
        {"tier": "flex"},
        {"above": 1},
        {"hours": ("00:00-12:00",)},
        {"minimum_seconds": 10},
        {"valid_from": START},
        {"provider": "azure"},
    ],
)
def test_other_content_is_another_id(change: dict[str, object]) -> None:
    assert row(**change).id != row().id


def test_no_price_is_not_a_price_of_nothing() -> None:
    assert row(prices=Prices(input=0)).id != row(prices=Prices()).id
    assert msgspec.json.encode(Prices(input=0)) == b'{"input":0}'


def test_a_row_survives_its_way_through_json() -> None:
    full = row(hours=("16:30-00:30",), valid_from=START, valid_to=RECORDED, above=5, match=Match(all_of=(Match("a"),)))
    assert msgspec.json.decode(msgspec.json.encode(full), type=PriceRow) == full


def test_a_row_from_elsewhere_with_an_unknown_meter_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(row()).replace(b'"output"', b'"outptu"'), type=PriceRow)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"tier": "cheap"},
        {"prices": Prices(input=-1)},
        {"hours": ("noon",)},
        {"valid_from": datetime(2026, 1, 1)},  # noqa: DTZ001 - that is the fault
    ],
)
def test_a_row_that_means_nothing_is_refused(nonsense: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        row(**nonsense)


def test_every_meter_is_per_token_or_per_piece() -> None:
    assert TOKEN_METERS[-1] == "output_citation"
    assert PIECE_METERS[0] == "request"
    assert Prices.__struct_fields__ == TOKEN_METERS + PIECE_METERS


def test_hours_are_minutes_of_the_day() -> None:
    assert minutes("00:30-16:45") == (30, 1005)
