"""What the configuration was: since when, whose file, what is different now."""

from typing import Any

from app.cli.explaining.configured import configured
from tests.app.cli.explaining.conftest import MakeRow

VERSION: dict[str, Any] = {
    "first_at": "2026-11-20T08:00:00.000000Z", "last_at": "2026-11-21T11:00:00.000000Z",
    "file": "/etc/gatewatch.yaml", "changed_by": "ann", "changed_at": "2026-11-20T07:59:00.000000Z",
    "in_force": False, "more_differences": 0,
    "differences": [{"key": "budgets.team.usd", "then": "1.00", "now": "5.00"},
                    {"key": "models.bot.targets", "then": ["a/b"], "now": None}],
}  # fmt: skip
ROUTE = {"first_at": "2026-11-19T08:00:00.000000Z", "last_at": "2026-11-21T11:00:00.000000Z", "changed_by": "ann",
         "in_force": False, "now": "feed"}  # fmt: skip


def test_a_version_that_is_over_says_who_changed_it_and_how_it_differs(row: MakeRow) -> None:
    assert list(configured(row(), {"version": VERSION, "route": ROUTE})) == [
        "  configuration c0ffee, since 2026-11-20T08:00:00.000000Z, until 2026-11-21T11:00:00.000000Z",
        "    /etc/gatewatch.yaml is of ann, last written 2026-11-20T07:59:00.000000Z",
        "  route beef, since 2026-11-19T08:00:00.000000Z, until 2026-11-21T11:00:00.000000Z",
        "    now feed",
        "  different now:",
        "    budgets.team.usd: 1.00 → 5.00",
        "    models.bot.targets: ['a/b'] → not set",
    ]


def test_a_rollback_had_put_the_version_in_force_again(row: MakeRow) -> None:
    told = list(configured(row(routed_by="rollback:bot"), {"version": VERSION, "route": ROUTE}))
    assert told[3:5] == ["    a rollback had put it in force again", "    now feed"]


def test_the_version_in_force_has_no_differences(row: MakeRow) -> None:
    told = list(configured(row(), {"version": VERSION | {"in_force": True, "differences": []}, "route": None}))
    assert "still in force" in told[0]
    assert not any("different" in line for line in told)


def test_many_differences_are_cut_short(row: MakeRow) -> None:
    many = [{"key": f"k{n}", "then": n, "now": n + 1} for n in range(30)]
    told = list(configured(row(), {"version": VERSION | {"differences": many, "more_differences": 5}, "route": None}))
    assert told[-1] == "    and 15 more: -o json has 30"


def test_what_was_not_noted_is_told_as_such(row: MakeRow) -> None:
    assert list(configured(row(), {})) == [
        "  configuration c0ffee",
        "  route beef",
        "    what this configuration was is not noted here",
    ]
    assert list(configured(row(config_version=None, route_version=None), {})) == ["  configuration –", "  route –"]
