"""`gatewatch show`, as scripts and people use it."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.cli.main import main
from app.cli.show import GROUPED, VIEWS
from gatewatch.ledger.queries import QUERIES
from gatewatch.paths import Home
from tests.kit.journals import Worker, a_call, closing, segment, whole

Run = Callable[..., tuple[int, str, str]]
DAY = ("--since", "2026-11-20", "--until", "2026-11-21")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home").make()


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `gatewatch show …`: exit code, stdout, stderr."""

    def show(*argv: str) -> tuple[int, str, str]:
        code = main(["show", *argv])
        said = capsys.readouterr()
        return code, said.out, said.err

    return show


def found(run: Run, *argv: str) -> Any:
    code, out, err = run(*argv, "-o", "json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_the_overview_is_one_object_with_the_names_that_scripts_rely_on(home: Home, run: Run) -> None:
    segment(home, *[whole(a_call(n)) for n in range(4)])
    overview = found(run, "overview", *DAY)
    assert list(overview) == [
        "calls",
        "errors",
        "error_rate",
        "blocked",
        "rps",
        "p50_ms",
        "p95_ms",
        "p99_ms",
        "ttft_p50_ms",
        "ttft_p95_ms",
        "input_tokens",
        "output_tokens",
        "cost_usd",
        "unpriced_calls",
        "cache_hit_rate",
        "window",
    ]
    assert (overview["calls"], overview["cost_usd"], overview["cache_hit_rate"]) == (4, "0.0018", None)
    assert overview["window"] == {"since": "2026-11-20T00:00:00.000000Z", "until": "2026-11-21T00:00:00.000000Z"}


def test_grouped_views_have_the_columns_that_scripts_rely_on(home: Home, run: Run) -> None:
    segment(
        home,
        closing(a_call(0, cache="hit")),
        closing(a_call(1, status="error", http_status=502, error_kind="upstream_timeout", cache="miss")),
    )
    columns = {
        "latency": "group calls p50_ms p95_ms p99_ms ttft_p50_ms ttft_p95_ms upstream_p50_ms overhead_p50_ms",
        "spend": "group calls input_tokens output_tokens cost_usd unpriced_calls budget_usd budget_used",
        "cache": "group lookups hits semantic_hits hit_rate avoided_usd",
        "errors": "http_status error_kind group count rate first_seen last_seen example",
    }
    for view, names in columns.items():
        (row,) = found(run, view, *DAY)
        assert list(row) == names.split()
    (by_user,) = found(run, "spend", "--by", "key", *DAY)
    assert by_user["group"] == "app"


def test_calls_come_newest_first_as_many_as_asked_for(home: Home, run: Run) -> None:
    segment(home, *[closing(a_call(n)) for n in range(1100)])
    assert len(found(run, "calls")) == 100
    rows = found(run, "calls", "--limit", "1050")
    assert [row["call_id"] for row in rows] == [a_call(n).call_id for n in range(1099, 49, -1)]
    assert len(found(run, "calls", "--limit", "5000")) == 1100
    assert len(found(run, "calls", "--limit", "1000", "--where", "user=nobody")) == 0


def test_a_filter_chooses(home: Home, run: Run) -> None:
    segment(home, closing(a_call(0, team="search")), closing(a_call(1, team="chat")))
    (row,) = found(run, "calls", "--where", "team=chat status=200")
    assert row["team"] == "chat"
    assert found(run, "overview", "--where", "team=chat", *DAY)["calls"] == 1


def test_every_view_prints_a_table_and_csv(home: Home, run: Run) -> None:
    reckoned = a_call(2, estimated_input_tokens=125, usage={"prompt_tokens": 100})
    failed = a_call(1, status="error", error_kind="upstream_timeout")
    segment(home, closing(a_call(0, cache="hit")), closing(failed), closing(reckoned))
    home.config.write_text("budgets: {company: {scope: gateway, usd: 5}}\n")
    for view in VIEWS:
        window = () if view in ("calls", "budgets", "retention") else DAY
        code, table, _ = run(view, *window)
        assert code == 0
        assert len(table.splitlines()) > 1
        code, text, _ = run(view, *window, "-o", "csv")
        header, *rows = csv.reader(io.StringIO(text))
        assert code == 0
        assert header
        assert all(len(row) == len(header) for row in rows)


def test_errors_of_estimates_are_percentages_for_people_and_numbers_for_scripts(home: Home, run: Run) -> None:
    segment(home, closing(a_call(0, estimated_input_tokens=125, usage={"prompt_tokens": 100})))  # 25 % too much of 100
    assert "+25%" in run("estimates", *DAY)[1]
    (row,) = found(run, "estimates", "--by", "model", *DAY)
    assert (row["group"], row["input_error_median"], row["percent"]) == ("gpt-4o", 0.25, 100)


def test_rates_are_percentages_for_people_and_numbers_for_scripts(home: Home, run: Run) -> None:
    segment(home, *[closing(a_call(n, status="ok" if n else "error")) for n in range(16)])
    assert "6.25%" in run("overview", *DAY)[1]
    assert found(run, "overview", *DAY)["error_rate"] == 0.0625


def test_how_full_a_budget_is_is_a_percentage_for_people(home: Home, run: Run) -> None:
    """Four calls of 0.00045 USD are 4.5 % of four cents."""
    segment(home, *[closing(a_call(n)) for n in range(4)])
    home.config.write_text("budgets: {all: {scope: team, usd: 0.04, rolling: 400d}}\n")
    assert found(run, "spend", *DAY)[0]["budget_used"] == 0.045
    assert "4.5%" in run("spend", *DAY)[1]


def test_hostile_text_does_not_reach_the_terminal(home: Home, run: Run) -> None:
    segment(home, closing(a_call(0, team="\x1b]52;c;aGk=\x07\u202eevil", key_name="=cmd|' /C calc'!A0")))
    table = run("calls")[1] + run("spend", *DAY)[1]
    assert "\x1b" not in table
    assert "\u202e" not in table
    assert "'=cmd" in run("calls", "-o", "csv")[1]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["calls", "--by", "team"], "--by does not fit calls"),
        (["spend", "--step", "1m"], "--step does not fit spend"),
        (["spend", "--by", "colour"], "colour"),
        (["budgets", "--where", "team=search"], "--where does not fit budgets: a budget counts all calls of its scope"),
        (["overview", "--since", "yesterday"], "yesterday"),
        (["calls", "--where", "teem=x"], "teem"),
        (["calls", "--limit", "0"], "--limit"),
        (["series", "--step", "1s"], "minutes"),
    ],
)
def test_what_does_not_fit_is_a_usage_error(run: Run, argv: list[str], said: str) -> None:
    code, out, err = run(*argv)
    assert (code, out) == (2, "")
    assert said in err


def test_a_view_without_a_mechanism_is_not_offered(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("quarantine")
    assert ended.value.code == 2
    assert "overview" in capsys.readouterr().err


def test_no_home_is_exit_code_5_and_makes_none(tmp_path: Path, run: Run) -> None:
    code, out, err = run("overview", "--home", str(tmp_path / "nowhere"))
    assert (code, out) == (5, "")
    assert "gatewatch serve" in err
    assert not (tmp_path / "nowhere").exists()


def test_what_is_not_in_the_numbers_is_said_on_stderr(home: Home, run: Run) -> None:
    alive = Worker(home)
    alive.write(whole(a_call(0)), b"noise\n", closing(a_call(1))[:77])
    code, out, err = run("overview", "-o", "json")
    alive.die()
    assert code == 0
    assert json.loads(out)["calls"] == 0
    assert "77 bytes" in err
    assert "quarantine" in err


def test_every_view_is_a_query() -> None:
    assert {query for query, _ in VIEWS.values()} <= QUERIES.keys()
    assert set(GROUPED) <= VIEWS.keys()
