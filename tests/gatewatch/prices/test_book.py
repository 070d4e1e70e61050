"""The book finds the row that was in force, for any name that an app may send, and says so when there is none."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from gatewatch.prices.book import REMEMBERED_NAMES, PriceBook
from gatewatch.prices.revise import write_lists
from gatewatch.prices.row import Match, PriceRow, Prices, price_row

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 22, tzinfo=UTC)


def us(instant: datetime) -> int:
    return int(instant.timestamp()) * 1_000_000


def row(model: str, price: int, *, provider: str = "acme", match: Match | None = None, **terms: object) -> PriceRow:
    return price_row(
        provider=provider,
        model=model,
        match=match or Match(equals=model),
        prices=Prices(input=price),
        source="test",
        recorded_at=terms.pop("recorded_at", NOON),  # type: ignore[arg-type]
        **terms,  # type: ignore[arg-type]
    )


def price(book: PriceBook, model: str, at: datetime = NOON, provider: str = "acme", **call: object) -> int | None:
    found = book.find(provider, model, us(at), **call)  # type: ignore[arg-type]
    return found.prices.input if found else None


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A vendor's list: dated, cliffed, hourly and tiered rows, and a family that its first model must not swallow."""
    changed = datetime(2026, 10, 14, tzinfo=UTC)
    lists = {
        "acme": [
            row("small-mini", 1, match=Match(starts_with="small-mini")),
            row("small", 2, match=Match(starts_with="small")),
            row("dated", 10, valid_to=changed),
            row("dated", 20, valid_from=changed),
            row("dated", 15, tier="batch", valid_from=changed),
            row("long", 30),
            row("long", 60, above=200_000),
            row("long", 90, above=500_000),
            row("night", 5, hours=("22:00-06:00", "12:00-13:00")),
            row("night", 50, hours=("06:00-12:00", "13:00-22:00")),
            row("versioned-2026-01-31", 70),
        ]
    }
    write_lists(tmp_path, lists)
    return tmp_path


def test_the_first_model_of_the_list_that_matches_decides(acme: Path) -> None:
    book = PriceBook.open(folder=acme)
    assert price(book, "small-mini-2026") == 1
    assert price(book, "small-2026") == 2
    assert price(book, "SMALL") == 2


def test_a_price_begins_and_ends_at_midnight_utc(acme: Path) -> None:
    book = PriceBook.open(folder=acme)
    midnight = datetime(2026, 10, 14, tzinfo=UTC)
    assert price(book, "dated", midnight - timedelta(microseconds=1_000_000)) == 10
    assert price(book, "dated", midnight) == 20
    assert book.find("acme", "dated", us(midnight) - 1).prices.input == 10  # type: ignore[union-attr]


def test_a_tier_has_no_price_before_its_first_and_no_other_stands_in(acme: Path) -> None:
    book = PriceBook.open(folder=acme)
    assert price(book, "dated", datetime(2026, 10, 13, tzinfo=UTC), tier="batch") is None
    assert price(book, "dated", datetime(2026, 10, 14, tzinfo=UTC), tier="batch") == 15
    assert price(book, "dated", tier="flex") is None
    assert price(book, "dated", tier="no such tier") is None


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [(0, 30), (200_000, 30), (200_001, 60), (500_000, 60), (500_001, 90), (10**9, 90)],
)
def test_a_cliff_is_reached_by_more_than_its_threshold(acme: Path, tokens: int, expected: int) -> None:
    assert price(PriceBook.open(folder=acme), "long", input_tokens=tokens) == expected


@pytest.mark.parametrize(
    ("hour", "minute", "expected"),
    [(5, 59, 5), (6, 0, 50), (11, 59, 50), (12, 0, 5), (12, 59, 5), (13, 0, 50), (21, 59, 50), (22, 0, 5), (0, 0, 5)],
)
def test_hours_run_over_midnight_and_end_before_their_end(acme: Path, hour: int, minute: int, expected: int) -> None:
    at = NOON.replace(hour=hour, minute=minute)
    assert price(PriceBook.open(folder=acme), "night", at) == expected


def test_a_compact_date_finds_the_dashed_name(acme: Path) -> None:
    assert price(PriceBook.open(folder=acme), "versioned-20260131") == 70


def test_an_operators_price_wins_from_its_beginning_on(acme: Path) -> None:
    book = PriceBook.open([row("small", 7, valid_from=TOMORROW)], folder=acme)
    assert price(book, "small", TOMORROW - timedelta(seconds=1)) == 2
    assert price(book, "small", TOMORROW) == 7


def test_it_covers_every_name_of_that_model_and_no_other_model(acme: Path) -> None:
    book = PriceBook.open([row("small", 7)], folder=acme)
    assert price(book, "small-2026") == 7
    assert price(book, "small-mini") == 1


def test_a_price_for_one_version_wins_over_one_for_its_model(acme: Path) -> None:
    model = row("small", 7, valid_from=NOON)
    version = row("small-2026", 6, valid_from=NOON - timedelta(days=9))
    book = PriceBook.open([model, version], folder=acme)
    assert price(book, "small-2026") == 6
    assert price(book, "small-2025") == 7


def test_of_two_operators_prices_the_later_one_holds_and_then_the_later_recorded(acme: Path) -> None:
    rows = [
        row("small", 7, valid_from=NOON - timedelta(days=2)),
        row("small", 8, valid_from=NOON - timedelta(days=1)),
        row("small", 9, valid_from=NOON - timedelta(days=1), recorded_at=NOON + timedelta(seconds=1)),
    ]
    assert price(PriceBook.open(rows, folder=acme), "small") == 9
    assert price(PriceBook.open(rows[:2], folder=acme), "small") == 8
    assert price(PriceBook.open(rows, folder=acme), "small", NOON - timedelta(days=1, seconds=1)) == 7


def test_an_operators_price_holds_beyond_every_cliff_and_leaves_other_tiers_alone(acme: Path) -> None:
    book = PriceBook.open([row("long", 7), row("dated", 3)], folder=acme)
    assert price(book, "long", input_tokens=600_000) == 7
    assert price(book, "dated", tier="batch") == 15


def test_an_operators_price_holds_for_its_own_provider_only(acme: Path) -> None:
    book = PriceBook.open([row("small", 7, provider="local")], folder=acme)
    assert price(book, "small", provider="local") == 7
    assert price(book, "small") == 2
    assert price(book, "other", provider="local") is None


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("acme", "no-such-model"),
        ("acme", ""),
        ("acme", "small" * 1000),
        ("acme", "\x1b[2J'; DROP TABLE calls; --\udc80"),
        ("", "small"),
        ("../acme", "small"),
        ("no-such-provider", "small"),
    ],
)
def test_any_other_name_is_unknown_and_breaks_nothing(acme: Path, provider: str, model: str) -> None:
    book = PriceBook.open(folder=acme)
    assert book.find(provider, model, us(NOON)) is None
    assert book.rows(provider, model) == []


def test_names_that_apps_make_up_do_not_pile_up(acme: Path) -> None:
    book = PriceBook.open(folder=acme)
    for number in range(REMEMBERED_NAMES + 10):
        book.find("acme", f"made-up-{number}", us(NOON))
    assert len(book._found) <= REMEMBERED_NAMES
    assert price(book, "small") == 2


def test_a_list_is_read_once_and_only_when_it_is_asked_for(acme: Path) -> None:
    book = PriceBook.open(folder=acme)
    (acme / "acme.jsonl").write_bytes((acme / "acme.jsonl").read_bytes().replace(b'"input":2}', b'"input":3}'))
    assert price(book, "small") == 3
    (acme / "acme.jsonl").unlink()
    assert price(book, "small-again") == 3


def test_what_is_in_force_is_listed_once_the_operators_first(acme: Path) -> None:
    mine = row("small", 7)
    book = PriceBook.open([mine, row("small", 8, valid_from=TOMORROW)], folder=acme)
    listed = [(each.model, each.tier, each.above, each.prices.input) for each in book.in_force("acme", us(NOON))]
    assert listed == [
        ("small", "standard", 0, 7),
        ("small-mini", "standard", 0, 1),
        ("dated", "standard", 0, 20),
        ("dated", "batch", 0, 15),
        ("long", "standard", 500_000, 90),
        ("long", "standard", 200_000, 60),
        ("long", "standard", 0, 30),
        ("night", "standard", 0, 5),
        ("versioned-2026-01-31", "standard", 0, 70),
    ]
    assert book.providers() == ["acme"]


# the book as it is shipped

NOVEMBER = us(datetime(2026, 11, 21, 12, tzinfo=UTC))


@pytest.fixture(scope="module")
def shipped() -> PriceBook:
    return PriceBook.open()


@pytest.mark.parametrize(
    ("model", "usd_per_million"),
    [
        ("gpt-4o", ("2.5", "10")),
        ("gpt-4o-mini", ("0.15", "0.6")),
        ("gpt-5", ("1.25", "10")),
        ("claude-sonnet-4-5", ("3", "15")),
        ("gemini-2.5-pro", ("1.25", "10")),
        ("text-embedding-3-small", ("0.02", None)),
    ],
)
def test_the_sandbox_charges_what_the_real_vendors_charge(
    shipped: PriceBook, model: str, usd_per_million: tuple[str, str | None]
) -> None:
    found = shipped.find("sandbox", model, NOVEMBER)
    assert found is not None
    expected = tuple(None if usd is None else int(Decimal(usd) * 1_000_000) for usd in usd_per_million)
    assert (found.prices.input, found.prices.output) == expected


@pytest.mark.parametrize("model", ["fault-401", "fault-slow-first-byte", "fault-200-error", "my-model", "llama3"])
def test_what_only_the_sandbox_knows_is_unpriced(shipped: PriceBook, model: str) -> None:
    assert shipped.find("sandbox", model, NOVEMBER) is None


@pytest.mark.parametrize(
    ("provider", "model", "listed_by"),
    [
        ("vertex", "gemini-2.5-pro", "google"),
        ("azure", "gpt-4o", "openai"),
        ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock"),
        ("xai", "grok-4.5", "xai"),
        ("litellm", "openai/gpt-4o", "openai"),
        ("portkey", "@anthropic/claude-sonnet-4-5", "anthropic"),
        ("openrouter", "openai/gpt-4o", "openrouter"),
    ],
)
def test_our_provider_names_lead_to_their_lists(shipped: PriceBook, provider: str, model: str, listed_by: str) -> None:
    found = shipped.find(provider, model, NOVEMBER)
    assert found is not None
    assert found.provider == listed_by


def test_who_resells_a_model_does_not_resell_its_other_tiers(shipped: PriceBook) -> None:
    assert shipped.find("openai", "gpt-4o", NOVEMBER, tier="batch") is not None
    assert shipped.find("azure", "gpt-4o", NOVEMBER, tier="batch") is None


@pytest.mark.parametrize("provider", ["ollama", "vllm", "qwen", "crazyrouter", "tokenmix", "litellm"])
def test_where_nobody_publishes_a_list_calls_are_unpriced(shipped: PriceBook, provider: str) -> None:
    assert shipped.find(provider, "gpt-4o", NOVEMBER) is None


def test_a_worker_gets_the_book_for_the_standard_library_and_msgspec() -> None:
    script = """
import sys, msgspec
before = set(sys.modules)
from gatewatch.prices.book import PriceBook
import gatewatch.prices.rate, gatewatch.prices.overrides
assert PriceBook.open().find("openai", "gpt-4o", 1_795_000_000_000_000)
print(*{name.partition(".")[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["gatewatch"]
