"""Names in the store: one node of a cluster has them all, and a rule that counts something else is another one."""

from gatewatch.limits.rule import Grant, Rule
from gatewatch.limits.shared.names import Names, gateway_id, token
from gatewatch.limits.window import Window

RULE = Rule(id="r", kind="limit", scope="team", measure="tokens", most=5, window=Window(seconds=60))


def changed(**fields: object) -> Rule:
    known = {"id": "r", "kind": "limit", "scope": "team", "measure": "tokens", "most": 5, "window": Window(seconds=60)}
    return Rule(**(known | fields))  # type: ignore[arg-type]


def test_all_of_a_gateway_has_its_hash_tag_whatever_callers_call_themselves() -> None:
    names = Names("g1")
    for key in (names.runs, names.seeded, names.tail, names.run("r-1"), names.counter("r#1", "}{evil}|x")):
        assert key[key.index("{") + 1 : key.index("}")] == "gw:g1"


def test_a_gateway_is_known_by_its_pepper_which_its_name_does_not_tell() -> None:
    pepper = "00" * 31 + "07"
    assert gateway_id(pepper) == gateway_id(pepper) != gateway_id("00" * 32)
    assert pepper[:16] not in gateway_id(pepper)


def test_a_rule_is_another_one_when_it_counts_something_else() -> None:
    assert token(changed(most=7, soft=3, grants=(Grant(amount=1, since=0, until=9),))) == token(RULE)
    for other in (
        changed(window=Window(seconds=61)),
        changed(window=Window(period="day")),
        changed(measure="requests"),
        changed(scope="key"),
        changed(id="s"),
    ):
        assert token(other) != token(RULE)
