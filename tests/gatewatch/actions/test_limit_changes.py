"""What stands in the way of a change: the file's lines, several workers, somebody else's rule."""

import pytest

from gatewatch.actions.limit_changes import of_the_file
from gatewatch.limits.rule import Rule


@pytest.mark.parametrize(
    ("id", "lines"),
    [
        ("budgets.company/usd", "budgets: company:"),
        ("limits.each-key/requests/1m", "limits: each-key:"),
        ("teams.search.budget/usd", "teams: search: budget:"),
        ("teams.a.b.limits/requests/1m", "teams: a.b: limits:"),
        ("unpriced", "unpriced:"),
    ],
)
def test_the_lines_to_change_are_those_of_the_rule(id: str, lines: str) -> None:
    refused = of_the_file(Rule(id=id, kind="budget", scope="gateway", measure="picos", most=1))
    assert refused.exit_code == 4
    assert f"`{lines}`" in refused.next_step
