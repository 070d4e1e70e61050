"""Of which workload class a call is."""

from typing import Any

import pytest

from proxy.refusal import Refusal
from proxy.routing import Condition, WorkloadRule
from proxy.worker.routing.workload import Workloads, is_structured, workload_said
from tests.kit.planning import asked

SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}


def one_rule(**when: Any) -> Workloads:
    return Workloads((WorkloadRule(workload="extraction", when=Condition(**when)),))


def fits(workloads: Workloads, tokens: int = 100, **call: Any) -> bool:
    return workloads.of(asked(**call), lambda: tokens) == "extraction"


@pytest.mark.parametrize("said", ["code", " Code ", "CODE"])
def test_the_header_says_it_in_any_case(said: str) -> None:
    assert workload_said({b"x-gatewatch-workload": said.encode()}) == "code"
    assert workload_said({}) is None


@pytest.mark.parametrize("said", [b"coding", b"", b"\xff\xfe", b"chat,code"])
def test_a_word_that_is_no_class_is_an_error_that_names_them(said: bytes) -> None:
    with pytest.raises(Refusal) as told:
        workload_said({b"x-gatewatch-workload": said})
    assert (told.value.status, told.value.code) == (400, "invalid_workload")
    for each in ("chat", "extraction", "classification", "code", "summary"):
        assert each in told.value.message


@pytest.mark.parametrize(
    ("when", "call", "other"),
    [
        ({"endpoint": "embeddings"}, {"endpoint": "embeddings"}, {"endpoint": "chat"}),
        ({"team": "search"}, {"team": "search"}, {"team": "billing"}),
        ({"model": "gpt-*"}, {"requested_model": "gpt-4o"}, {"requested_model": "claude"}),
        ({"feature": "invoice*"}, {"feature": "invoices"}, {"feature": None}),
        ({"use_case": "*/code/*"}, {"use_case": "ide/code/complete"}, {"use_case": "code"}),
        ({"tools": True}, {"body": {"tools": [{"type": "function"}]}}, {"body": {"tools": []}}),
        ({"tools": False}, {"body": {}}, {"body": {"tools": [{}]}}),
        ({"structured": True}, {"body": {"response_format": SCHEMA}}, {"body": {"response_format": {"type": "text"}}}),
        ({"structured": False}, {"body": {}}, {"body": {"response_format": SCHEMA}}),
        ({"output_below": 50}, {"body": {"max_tokens": 49}}, {"body": {"max_tokens": 50}}),
        ({"output_below": 50}, {"body": {"max_output_tokens": 5}}, {"body": {}}),
        ({"output_below": 50}, {"body": {"max_tokens": 5}}, {"body": {"max_tokens": 5, "max_completion_tokens": 90}}),
        ({"input_above": 99}, {}, {"tokens": 99}),
    ],
)  # fmt: skip
def test_each_condition_by_itself(when: dict[str, Any], call: dict[str, Any], other: dict[str, Any]) -> None:
    assert fits(one_rule(**when), **call)
    assert not fits(one_rule(**when), **other)


def test_all_conditions_of_a_rule_hold_together_and_the_first_rule_that_fits_decides() -> None:
    rules = Workloads(
        (
            WorkloadRule(workload="code", when=Condition(team="search", tools=True)),
            WorkloadRule(workload="chat", when=Condition(team="search")),
            WorkloadRule(workload="summary", when=Condition()),
        )
    )
    assert rules.of(asked(body={"tools": [{}]}), lambda: 0) == "code"
    assert rules.of(asked(), lambda: 0) == "chat"
    assert rules.of(asked(team="billing", body={"tools": [{}]}), lambda: 0) == "summary"
    assert Workloads(()).of(asked(), lambda: 0) is None


def test_tokens_are_counted_only_where_everything_else_fits() -> None:
    def counted() -> int:
        raise AssertionError("counted for nothing")

    assert one_rule(team="billing", input_above=5).of(asked(), counted) is None


@pytest.mark.parametrize(
    "body",
    [
        {"response_format": {"type": "json_object"}},
        {"response_format": SCHEMA},
        {"text": {"format": {"type": "json_schema", "name": "x", "schema": {}}}},
        {"output_config": {"format": {"type": "json_schema", "schema": {}}}},
        {"output_format": {"type": "json_schema", "schema": {}}},
    ],
)
def test_every_dialects_way_to_ask_for_json(body: dict[str, Any]) -> None:
    assert is_structured(body)


@pytest.mark.parametrize("body", [{}, {"response_format": "json"}, {"text": "json_schema"}, {"output_config": []}])
def test_what_does_not_ask_for_json(body: dict[str, Any]) -> None:
    assert not is_structured(body)
