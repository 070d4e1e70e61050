"""What commands print: data that scripts can read, tables that people can read, nothing that anything obeys."""

import csv
import io
import json

import pytest

from app.cli.output import csv_cell, print_object, print_rows

ROWS = [
    {"model": "gpt-4o-mini", "calls": 12, "p50_ms": 120.25, "cost_usd": "0.0018", "tags": {"team": "search"}},
    {"model": "local", "calls": 3, "p50_ms": None, "cost_usd": "unpriced", "tags": {}},
]


def test_json_carries_every_field_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, "json", columns=["model"])
    assert json.loads(capsys.readouterr().out) == ROWS


def test_no_rows_are_an_empty_array_and_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], "json")
    assert json.loads(capsys.readouterr().out) == []
    print_rows([], "table")
    assert capsys.readouterr().out == ""


def test_a_table_lines_up_numbers_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, "table", columns=["model", "calls", "p50_ms"])
    assert capsys.readouterr().out == (
        "model        calls  p50_ms\n"
        "gpt-4o-mini     12   120.2\n"
        "local            3       –\n"
    )  # fmt: skip


def test_csv_is_read_back_by_a_reader_of_csv(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"model": 'a,"b"\r\nc', "calls": 1, "cost_usd": "-0.5", "tags": {"a": 1}, "none": None}]
    print_rows(rows, "csv")
    printed = list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))
    assert printed == [
        ["model", "calls", "cost_usd", "tags", "none"],
        ['a,"b"\r\nc', "1", "-0.5", '{"a": 1}', ""],
    ]


@pytest.mark.parametrize("formula", ["=1+1", "+1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_runs_nothing(formula: str) -> None:
    assert csv_cell(formula) == "'" + formula


@pytest.mark.parametrize(("value", "cell"), [(-5, "-5"), (-0.25, "-0.25"), ("-12.50", "-12.50"), ("a=b", "a=b")])
def test_a_number_stays_a_number(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


def test_a_terminal_obeys_nothing_of_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"model": "\x1b]52;c;aGk=\x07", "tags": {"\u202e": "\x9b2J"}}], "table")
    printed = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(printed)
    assert "␛]52;c;aGk=␇" in printed


def test_lists_and_objects_read_like_words_in_a_table_and_stay_json_for_scripts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    value = {"dialects": ["gemini", "openai-chat"], "limits": {"rpm": {"limit": 9, "left": None}, "rps": 2}, "tags": {}}
    print_object(value, "table")
    assert capsys.readouterr().out.splitlines()[1:] == [
        "dialects  gemini, openai-chat",
        "limits    rpm (limit 9, left –), rps 2",
        "tags      –",
    ]
    print_object(value, "csv")
    assert '"[""gemini"", ""openai-chat""]"' in capsys.readouterr().out
    print_rows([value], "table", columns=["dialects"])
    assert capsys.readouterr().out == "dialects\ngemini, openai-chat\n"


def test_one_object_is_a_column_of_fields_on_screen_and_one_row_for_scripts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_object({"team": "search", "calls": 3, "window": None}, "table")
    assert capsys.readouterr().out == "field   value\nteam    search\ncalls   3\nwindow  –\n"
    print_object({"calls": 3, "window": None}, "csv")
    assert capsys.readouterr().out == "calls,window\r\n3,\r\n"
    print_object({"calls": 3, "window": None}, "json")
    assert json.loads(capsys.readouterr().out) == {"calls": 3, "window": None}
