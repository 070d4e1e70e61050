"""An operator looks prices up and sets prices of their own from the command line."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from app.cli.main import main


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


class Shell:
    """Runs `gatewatch prices …` on one home."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._home = home
        self._capsys = capsys
        self.err = ""

    def run(self, *words: str) -> tuple[int, str]:
        code = main(["prices", *words, "--home", str(self._home)])
        captured = self._capsys.readouterr()
        self.err = captured.err
        return code, captured.out

    def json(self, *words: str) -> Any:
        code, out = self.run(*words, "-o", "json")
        assert code == 0, self.err
        return json.loads(out)


@pytest.fixture
def prices(home: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(home, capsys)


MINE = ("--input", "2", "--cached", "0.5", "--output", "8")


def test_show_marks_the_price_in_force_among_all_there_were(prices: Shell) -> None:
    standard = [row for row in prices.json("show", "openai/o3", "--at", "2025-06-09") if row["tier"] == "standard"]
    assert [(row["in_force"], row["input"], row["output"], row["valid_to"]) for row in standard] == [
        (True, "10", "40", "2025-06-10T00:00:00Z"),
        (False, "2", "8", None),
    ]


def test_show_lists_what_long_prompts_cost_beside_it(prices: Shell) -> None:
    rows = [row for row in prices.json("show", "google/gemini-2.5-pro") if row["tier"] == "standard"]
    assert [(row["above"], row["input"], row["output"]) for row in rows] == [(0, "1.25", "10"), (200_000, "2.5", "15")]


def test_show_says_what_one_piece_costs(prices: Shell) -> None:
    (row,) = prices.json("show", "openai/whisper-1")
    assert row["other"] == {"audio_second": "0.0001"}
    assert row["input"] is None


def test_looking_makes_no_home(prices: Shell, home: Path) -> None:
    assert prices.run("show", "openai/gpt-4o")[0] == 0
    assert not home.exists()


def test_a_model_nobody_knows_is_not_found(prices: Shell) -> None:
    assert prices.run("show", "openai/gpt-unheard-of") == (3, "")
    assert "unpriced" in prices.err


def test_list_is_of_one_provider_or_of_all(prices: Shell) -> None:
    anthropic = prices.json("list", "--provider", "anthropic")
    assert {row["provider"] for row in anthropic} == {"anthropic"}
    everything = prices.json("list")
    assert {"anthropic", "openai", "bedrock", "openrouter"} <= {row["provider"] for row in everything}
    assert len({row["id"] for row in everything}) == len(everything)


def test_list_of_a_provider_without_prices_is_not_found(prices: Shell) -> None:
    assert prices.run("list", "--provider", "ollama") == (3, "")


def test_a_price_of_ones_own_holds_from_its_date_on(prices: Shell) -> None:
    made = prices.json("set", "openai/gpt-4o", *MINE, "--from", "2099-01-01")
    assert (made["input"], made["cached"], made["output"]) == ("2", "0.5", "8")
    assert (made["valid_from"], made["in_force"], made["source"]) == ("2099-01-01T00:00:00Z", False, "operator")
    for at, expected in (("2098-12-31T23:59:59Z", "2.5"), ("2099-01-01", "2")):
        (row,) = [
            row
            for row in prices.json("show", "openai/gpt-4o-2024-08-06", "--at", at)
            if row["in_force"] and row["tier"] == "standard"
        ]
        assert row["input"] == expected


def test_a_price_is_not_overwritten(prices: Shell) -> None:
    prices.json("set", "openai/gpt-4o", *MINE, "--from", "2099-01-01")
    assert prices.run("set", "openai/gpt-4o", "--input", "1", "--from", "2099-01-01") == (2, "")
    assert "not overwritten" in prices.err
    prices.json("set", "openai/gpt-4o", "--input", "1", "--from", "2099-01-02")
    prices.json("set", "openai/gpt-4o", "--input", "1", "--from", "2099-01-01", "--tier", "batch")


def test_a_model_of_ones_own_may_cost_nothing(prices: Shell) -> None:
    prices.json("set", "local/llama3", "--input", "0", "--output", "0", "--from", "2026-01-01")
    assert "no list knows this model" in prices.err
    (row,) = prices.json("list", "--provider", "local")
    assert (row["model"], row["input"], row["output"], row["cached"]) == ("llama3", "0", "0", None)


def test_every_meter_that_can_be_set_is_kept(prices: Shell) -> None:
    words = ("--cache-write", "3.75", "--cache-write-1h", "6", "--web-search", "10", "--from", "2026-01-01")
    row = prices.json("set", "local/m", "--input", "3", *words)
    assert (row["cache_write"], row["cache_write_1h"], row["other"]) == ("3.75", "6", {"web_search": "0.01"})


@pytest.mark.parametrize(
    "words",
    [
        ("set", "gpt-4o", "--input", "1", "--from", "now"),
        ("set", "openai/", "--input", "1", "--from", "now"),
        ("set", "a/b", "--input=-1", "--from", "now"),
        ("set", "a/b", "--input", "NaN", "--from", "now"),
        ("set", "a/b", "--input", "1e9", "--from", "now"),
        ("set", "a/b", "--input", "0.0000001", "--from", "now"),
        ("set", "a/b", "--input", "1", "--from", "tomorrow"),
        ("set", "a/b", "--input", "1", "--from", "now", "--tier", "cheap"),
        ("list", "--at", "yesterday"),
        ("show", "gpt-4o"),
    ],
)
def test_what_cannot_be_read_is_refused_and_changes_nothing(words: tuple[str, ...], prices: Shell, home: Path) -> None:
    assert prices.run(*words) == (2, "")
    assert prices.err.startswith("gatewatch: ")
    assert not home.exists()


def test_a_table_is_for_people_and_csv_for_spreadsheets(prices: Shell) -> None:
    _, out = prices.run("show", "openai/gpt-4o")
    assert out.splitlines()[0].split()[:3] == ["in_force", "tier", "above"]
    assert "web_search 0.01, file_search 0.0025" in out
    _, out = prices.run("show", "openai/gpt-4o", "-o", "csv")
    first = next(csv.DictReader(io.StringIO(out)))
    assert (first["in_force"], first["input"], first["cached"]) == ("yes", "2.5", "1.25")


def test_a_hostile_name_stays_text_on_the_terminal(prices: Shell) -> None:
    name = "\x1b[2J=cmd()"
    code, out = prices.run("set", f"local/{name}", "--input", "1", "--from", "2026-01-01")
    assert code == 0
    assert "\x1b" not in out
    code, out = prices.run("list", "--provider", "local")
    assert code == 0
    assert "\x1b" not in out
    assert prices.run("show", f"\x1b[2J/{name}")[0] == 3
    assert "\x1b" not in prices.err
