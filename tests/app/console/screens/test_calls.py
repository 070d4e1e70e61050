"""The list of calls: its cells."""

from app.console.screens.calls import COLUMNS, http_cell, model_cell, money_cell, outcome_cell, tries_cell

FAILED = {"status": "error", "error_kind": "upstream_timeout", "http_status": 504}


def test_the_outcome_is_the_error_where_there_is_one() -> None:
    assert outcome_cell(FAILED).plain == "✗ upstream_timeout"
    assert outcome_cell({"status": "blocked", "error_kind": "invalid_api_key"}).plain == "▲ invalid_api_key"
    assert outcome_cell({"status": "ok", "error_kind": None}).plain == "● ok"


def test_a_model_is_what_was_asked_for_and_where_that_went() -> None:
    assert model_cell({"requested_model": "bot", "model": "gpt-4o"}).plain == "bot → gpt-4o"
    assert model_cell({"requested_model": "gpt-4o", "model": "gpt-4o"}).plain == "gpt-4o"
    straight = {"requested_model": "azure/gpt-4o", "provider": "azure", "model": "gpt-4o"}
    assert model_cell(straight).plain == "azure/gpt-4o", "the name says where it went"
    assert model_cell(straight | {"provider": "other"}).plain == "azure/gpt-4o → gpt-4o"
    assert model_cell({"requested_model": None, "model": None}).plain == "–"


def test_what_is_not_known_is_a_dash_and_unpriced_a_word() -> None:
    assert http_cell({"http_status": None}).plain == "–"
    assert money_cell({"cost_usd": "unpriced"}).plain == "unpriced"
    assert tries_cell({"attempts": 3}).plain == "3"


def test_every_column_can_show_a_row_that_knows_nothing() -> None:
    for column in COLUMNS:
        assert column.cell({}).plain is not None


def test_the_columns_fit_where_they_are_shown() -> None:
    for width in (78, 110, 120, 140, 150, 158, 240):
        shown = [column for column in COLUMNS if column.from_width <= width < column.below_width]
        assert sum(column.width + 1 for column in shown) <= width
