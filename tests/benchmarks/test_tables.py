import pytest

from benchmarks.sample import Sample, Samples
from benchmarks.tables import cell, disturbed_rows, markdown, number, table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (0.034, "0.03"),
        (7.256, "7.26"),
        (12.34, "12.3"),
        (99.4, "99.4"),
        (51355.4, "51,355"),
        (-1.5, "-1.50"),
    ],
)
def test_three_digits_count(value: float, text: str) -> None:
    assert number(value) == text


def test_a_cell_has_the_median_and_the_range_and_a_star_on_doubt() -> None:
    assert cell([3.0, 1.0, 2.0]) == "2.00 (1.00–3.00)"
    assert cell([3.0, 1.0, 2.0], doubted=True) == "2.00 (1.00–3.00)*"
    assert cell([3.0]) == "3.00"
    assert cell([]) == "–"


def test_a_table_leaves_out_what_nobody_measured() -> None:
    assert table(["a", "b"], [["x", "1"], ["y", "–"]]) == "| a | b |\n| --- | --- |\n| x | 1 |"


def one_round() -> Samples:
    samples = Samples()
    for name, rate in (("direct", 70_000.0), ("nginx", 40_000.0), ("Gatewatch", 6_000.0)):
        samples.add(
            Sample("closed 64", name, 1, {"calls": 10, "errors": 0, "per_s": rate, "p99_ms": 5, "worker_us": 20})
        )
        samples.add(Sample("open", name, 1, {"calls": 10, "errors": 1, "p50_ms": 0.5, "p95_ms": 1, "p99_ms": 2}))
    return samples


def test_a_report_shows_each_candidate_the_ratio_and_the_verdict() -> None:
    report = markdown(one_round(), {"machine": "two cores"})
    assert "- machine: two cores" in report
    assert "| 64 connections | 70,000 | 40,000 | 6,000 | 0.15 |" in report
    assert "| requests/s at 64 connections, × nginx | ≥ 0.14 (floor 0.1) | 0.15 (0.15–0.15) | hit (1 of 1) |" in report
    assert "Errors: direct 1, nginx 1, Gatewatch 1." in report


def test_a_later_candidate_gets_its_column() -> None:
    samples = one_round()
    samples.add(Sample("closed 64", "Portkey", 1, {"per_s": 1_000.0}))
    assert "| requests/s, closed loop | direct | nginx | Gatewatch | Portkey | Gatewatch ÷ nginx |" in markdown(
        samples, {}
    )


def test_few_disturbed_samples_are_named() -> None:
    samples = Samples([Sample("open", "nginx", 2, {}, "steal 3%"), Sample("open", "nginx", 1, {})])
    assert "1 of 2" in (text := disturbed_rows(samples))
    assert "open of nginx in round 2 (steal 3%)" in text


def test_many_disturbed_samples_are_counted_by_round() -> None:
    samples = Samples(Sample("open", "nginx", 1 + n % 2, {}, "steal 3%") for n in range(20))
    assert "10 in round 1, 10 in round 2" in disturbed_rows(samples)


def test_a_quiet_run_says_so() -> None:
    assert disturbed_rows(one_round()) == "None of 6 samples was disturbed."
