"""What an ended call is charged to. By hand."""

from gatewatch.call import Attempt, Call
from gatewatch.limits.charged import charged
from gatewatch.limits.concerned import Concerned
from gatewatch.limits.rule import Measure, Rule, Scope
from gatewatch.limits.window import Window
from tests.kit.journals import MINUTE, T0, a_call


def rule(id: str, scope: Scope, measure: Measure, **fields: object) -> Rule:
    window = None if measure == "concurrent" else Window(period="hour")
    return Rule(id=id, kind="budget", scope=scope, measure=measure, most=1, window=window, **fields)  # type: ignore[arg-type]


RULES = Concerned(
    [
        rule("money", "team", "picos"),
        rule("calls", "gateway", "requests", name=""),
        rule("at a time", "key", "concurrent"),
        rule("of model", "model", "requests"),
        rule("of key", "provider_key", "requests", name="openai/k1"),
        rule("spent there", "model", "picos", name="openai/b"),
        rule("without price", "team", "tokens", unpriced_only=True),
    ]
)


def tried(call: Call, n: int, model: str, key: str) -> Attempt:
    return Attempt(
        call_id=call.call_id, started_at=call.started_at + n * 50 * MINUTE, n=n, provider="openai", model=model,
        provider_key=key,
    )  # fmt: skip


def test_a_call_is_charged_once_and_each_of_its_tries_in_the_bucket_of_its_own_beginning() -> None:
    call = a_call(0, at_us=T0 + 5 * MINUTE, model="b", cost_picos=7)
    found = charged(RULES, call, [tried(call, 1, "a", "k1"), tried(call, 2, "b", "k2")])
    assert sorted(found) == sorted(
        [
            ("money|search", T0, 7),
            ("calls|", T0, 1),
            ("spent there|openai/b", T0, 7),
            ("of model|openai/a", T0, 1),
            ("of model|openai/b", T0, 1),
            ("of key|openai/k1", T0, 1),
        ]
    )


def test_a_refused_call_is_charged_nothing() -> None:
    call = a_call(0, status="blocked")
    assert [*charged(RULES, call, [tried(call, 1, "a", "k1")])] == []
