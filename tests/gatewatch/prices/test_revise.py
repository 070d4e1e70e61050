"""The book keeps its history: compiled again, nothing is overwritten and no earlier price changes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gatewatch.prices.revise import Lists, read_lists, revise, write_lists
from gatewatch.prices.row import Match, PriceRow, Prices, price_row

FIRST = datetime(2026, 11, 21, tzinfo=UTC)
SECOND = datetime(2027, 2, 1, tzinfo=UTC)
THIRD = datetime(2027, 5, 1, tzinfo=UTC)
CHANGE = datetime(2027, 3, 1, tzinfo=UTC)
LATER = datetime(2027, 4, 1, tzinfo=UTC)


def row(price: int, since: datetime | None = None, until: datetime | None = None, **terms: object) -> PriceRow:
    model = str(terms.pop("model", "m"))
    recorded = terms.pop("recorded_at", SECOND)
    return price_row(
        provider="acme",
        model=model,
        match=Match(equals=model),
        prices=Prices(input=price),
        valid_from=since,
        valid_to=until,
        source="test",
        recorded_at=recorded,  # type: ignore[arg-type]
        **terms,  # type: ignore[arg-type]
    )


def revised(standing: list[PriceRow], compiled: list[PriceRow], as_of: datetime = SECOND) -> list[PriceRow]:
    return revise({"acme": standing}, {"acme": compiled}, as_of)["acme"]


def told(rows: list[PriceRow]) -> list[tuple[int | None, datetime | None, datetime | None]]:
    return [(each.prices.input, each.valid_from, each.valid_to) for each in rows]


OLD = row(1, recorded_at=FIRST)


def test_what_did_not_change_keeps_its_row_and_record() -> None:
    assert revised([OLD], [row(1)]) == [OLD]


def test_a_change_without_a_date_begins_on_the_day_it_is_compiled() -> None:
    after = revised([OLD], [row(2)])
    assert told(after) == [(1, None, SECOND), (2, SECOND, None)]
    assert after[0].id == OLD.id
    assert after[0].recorded_at == FIRST
    assert after[1].recorded_at == SECOND


def test_and_compiled_once_more_it_stays() -> None:
    after = revised([OLD], [row(2)])
    assert revised(after, [row(2, recorded_at=THIRD)], THIRD) == after


def test_a_change_that_is_announced_begins_on_its_date() -> None:
    after = revised([OLD], [row(1, None, CHANGE), row(2, CHANGE)])
    assert told(after) == [(1, None, CHANGE), (2, CHANGE, None)]
    assert after[0].id == OLD.id


def test_a_change_learned_late_leaves_what_was_charged_alone() -> None:
    earlier = datetime(2027, 1, 1, tzinfo=UTC)
    assert told(revised([OLD], [row(1, None, earlier), row(2, earlier)])) == [(1, None, SECOND), (2, SECOND, None)]


def test_an_announced_change_that_is_called_off_never_begins() -> None:
    announced = revised([OLD], [row(1, None, LATER), row(2, LATER)])
    after = revised(announced, [row(1)], CHANGE)
    assert told(after) == [(1, None, None), (2, LATER, LATER)]


def test_a_price_that_rises_and_falls_back_is_three_rows() -> None:
    after = revised([OLD], [row(1, None, CHANGE), row(2, CHANGE, LATER), row(1, LATER)])
    assert told(after) == [(1, None, CHANGE), (2, CHANGE, LATER), (1, LATER, None)]
    assert revised(after, [row(1, None, CHANGE), row(2, CHANGE, LATER), row(1, LATER)], THIRD) == after


def test_a_model_that_vanished_ends_and_stays_behind_the_others() -> None:
    other = row(9, model="n", recorded_at=FIRST)
    assert [(each.model, each.valid_to) for each in revised([OLD, other], [row(9, model="n")])] == [
        ("n", None),
        ("m", SECOND),
    ]


def test_one_that_comes_back_begins_anew() -> None:
    gone = revised([OLD], [])
    back = revised(gone, [row(1, recorded_at=THIRD)], THIRD)
    assert told(back) == [(1, None, SECOND), (1, THIRD, None)]


def test_a_model_that_is_new_is_taken_with_its_past() -> None:
    new = [row(3, None, FIRST, model="n"), row(4, FIRST, model="n")]
    assert revised([OLD], [row(1), *new]) == [OLD, *new]


def test_a_tier_that_is_new_has_no_past() -> None:
    after = revised([OLD], [row(1), row(5, tier="batch")])
    assert [(each.tier, each.valid_from) for each in after] == [("standard", None), ("batch", SECOND)]


def test_names_that_match_differently_are_a_change() -> None:
    wider = price_row(
        provider="acme",
        model="m",
        match=Match(starts_with="m"),
        prices=Prices(input=1),
        source="test",
        recorded_at=SECOND,
    )
    assert told(revised([OLD], [wider])) == [(1, None, SECOND), (1, SECOND, None)]


def test_a_list_that_vanished_ends(tmp_path: Path) -> None:
    assert told(revise({"acme": [OLD]}, {}, SECOND)["acme"]) == [(1, None, SECOND)]


def test_lists_are_written_as_they_are_read(tmp_path: Path) -> None:
    lists: Lists = {"acme": [OLD, row(2, CHANGE, LATER, above=5, hours=("00:00-12:00",))], "other": []}
    write_lists(tmp_path, lists)
    assert read_lists(tmp_path) == lists
    assert (tmp_path / "acme.jsonl").read_text().count("\n") == 2


@pytest.mark.parametrize("as_of", [SECOND, THIRD])
def test_no_price_before_the_date_changes(as_of: datetime) -> None:
    before = revised([OLD], [row(1, None, CHANGE), row(2, CHANGE)])
    after = revised(before, [row(7)], as_of)
    for instant in (FIRST, SECOND, CHANGE, LATER):
        if instant < as_of:
            assert in_force(before, instant) == in_force(after, instant)


def in_force(rows: list[PriceRow], at: datetime) -> list[str]:
    return [
        each.id
        for each in rows
        if (each.valid_from is None or each.valid_from <= at) and (each.valid_to is None or at < each.valid_to)
    ]
