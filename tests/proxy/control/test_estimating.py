"""What estimates learn, how far at most, and from how much."""

from typing import Any

from gatewatch.errors import GatewatchError
from gatewatch.ledger.answer import Answer
from proxy.control.estimating import Estimating, learnt_percents, usual_outputs


def row(**fields: Any) -> dict[str, Any]:
    return {"group": "p/m", "lessons": 30, "learnt_percent": 130, "free_calls": 30, "output_p95": 900} | fields


def test_a_model_is_corrected_by_what_30_calls_or_more_taught() -> None:
    assert learnt_percents({"p/m": row()}, {}) == {"p/m": 130}
    assert learnt_percents({"p/m": row(lessons=29)}, {}) == {}
    assert learnt_percents({"p/m": row(learnt_percent=None)}, {}) == {}


def test_a_correction_stays_within_a_quarter_and_the_fourfold() -> None:
    assert learnt_percents({"p/m": row(learnt_percent=3)}, {}) == {"p/m": 25}
    assert learnt_percents({"p/m": row(learnt_percent=90_000)}, {}) == {"p/m": 400}


def test_little_changes_are_not_told() -> None:
    assert learnt_percents({"p/m": row(learnt_percent=102)}, {}) == {}
    assert learnt_percents({"p/m": row(learnt_percent=132)}, {"p/m": 130}) == {"p/m": 130}
    assert learnt_percents({"p/m": row(learnt_percent=133)}, {"p/m": 130}) == {"p/m": 133}
    assert usual_outputs({"p/m": row(output_p95=980)}, {"p/m": 900}) == {"p/m": 900}
    assert usual_outputs({"p/m": row(output_p95=1000)}, {"p/m": 900}) == {"p/m": 1000}


def test_a_call_without_a_limit_is_never_reckoned_with_less_than_without_a_lesson() -> None:
    assert usual_outputs({"p/m": row(output_p95=40)}, {}) == {}
    assert usual_outputs({"p/m": row(output_p95=4096)}, {}) == {"p/m": 4096}
    assert usual_outputs({"p/m": row(output_p95=4096, free_calls=29)}, {}) == {}


async def test_what_is_new_is_told_once_and_stays_while_the_ledger_is_away() -> None:
    told: list[tuple[dict[str, int], dict[str, int]]] = []
    answers: list[list[dict[str, Any]] | None] = [[row()], [row()], None, [row(learnt_percent=200)], []]

    def ask(name: str, /, **params: object) -> Answer:
        assert name == "estimates"
        rows = answers.pop(0)
        if rows is None:
            raise GatewatchError("the ledger is locked", "wait")
        return Answer(rows, {}, {})

    estimating = Estimating(ask, lambda percents, outputs: told.append((percents, outputs)))
    for _ in range(5):
        await estimating.look()
    assert told == [({"p/m": 130}, {"p/m": 900}), ({"p/m": 200}, {"p/m": 900}), ({}, {})]
