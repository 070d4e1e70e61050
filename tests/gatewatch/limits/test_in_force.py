"""Rules of the configuration file and of operators, put together."""

from gatewatch.limits.in_force import together
from gatewatch.limits.rule import Grant, Rule

FILE = Rule(id="budgets.company/usd", kind="budget", scope="gateway", name="", measure="picos", most=100)
MADE = Rule(id="budget:team/search:usd:month", kind="budget", scope="team", name="search", measure="picos", most=7)
GRANT = Grant(amount=5, since=0, until=10)


def test_both_hold_and_a_grant_lifts_either() -> None:
    company, search = sorted(
        together([FILE], [MADE], {FILE.id: (GRANT,), MADE.id: (GRANT, GRANT)}), key=lambda r: r.id
    )[::-1]
    assert (company.ceiling(5), company.ceiling(10)) == (105, 100)
    assert (search.ceiling(5), search.ceiling(10)) == (17, 7)


def test_a_rule_of_the_file_wins_over_one_of_the_same_id() -> None:
    imposter = Rule(id=FILE.id, kind="budget", scope="gateway", name="", measure="picos", most=10**9)
    assert together([FILE], [imposter], {}) == (FILE,)
