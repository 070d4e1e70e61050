import copy
from typing import Any

import pytest

from proxy.routing import ShortAnswer, Target
from proxy.worker.shaping.short_answer import shortly

SHORT = ShortAnswer(target=Target(provider="openai", model="gpt-4o-mini"), max_tokens=200, hint="Answer briefly.")
HI = {"role": "user", "content": "hi"}


def asked(endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
    before = copy.deepcopy(body)
    found = shortly(endpoint, body, SHORT)
    assert body == before, "the caller's own request is as it was"
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        ({}, {"max_completion_tokens": 200}),
        ({"max_tokens": 4000}, {"max_tokens": 200}),
        ({"max_tokens": 20}, {"max_tokens": 20}),
        ({"max_completion_tokens": 4000, "max_tokens": 100}, {"max_completion_tokens": 200, "max_tokens": 100}),
        ({"max_tokens": None}, {"max_completion_tokens": 200}),
        ({"max_tokens": "4000"}, {"max_completion_tokens": 200}),
        ({"max_new_tokens": 4000, "min_tokens": 500}, {"max_completion_tokens": 200}),
    ],
)
def test_the_answer_is_capped_and_a_shorter_limit_of_the_callers_stands(
    body: dict[str, Any], limits: dict[str, int]
) -> None:
    found = asked("chat", {"messages": [HI]} | body)
    assert {name: value for name, value in found.items() if "tokens" in name} == limits


@pytest.mark.parametrize(
    ("messages", "hinted"),
    [
        ([HI], [{"role": "system", "content": "Answer briefly."}, HI]),
        (
            [{"role": "system", "content": "Be kind."}, HI],
            [{"role": "system", "content": "Be kind.\n\nAnswer briefly."}, HI],
        ),
        (
            [{"role": "system", "content": "Be kind."}, {"role": "developer", "content": "Speak French."}, HI],
            [
                {"role": "system", "content": "Be kind."},
                {"role": "developer", "content": "Speak French.\n\nAnswer briefly."},
                HI,
            ],
        ),
        (
            [{"role": "system", "content": [{"type": "text", "text": "Be kind."}]}, HI],
            [
                {
                    "role": "system",
                    "content": [{"type": "text", "text": "Be kind."}, {"type": "text", "text": "Answer briefly."}],
                },
                HI,
            ],
        ),
        ([HI, {"role": "system", "content": "late"}], [{"role": "system", "content": "Answer briefly."}, HI,
                                                       {"role": "system", "content": "late"}]),
    ],
)  # fmt: skip
def test_in_chat_the_hint_stands_behind_the_leading_instructions(messages: list[Any], hinted: list[Any]) -> None:
    assert asked("chat", {"messages": messages})["messages"] == hinted


@pytest.mark.parametrize(
    ("endpoint", "name", "said", "hinted"),
    [
        ("messages", "system", None, "Answer briefly."),
        ("messages", "system", "Be kind.", "Be kind.\n\nAnswer briefly."),
        (
            "messages",
            "system",
            [{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}],
            [
                {"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": "Answer briefly."},
            ],
        ),
        ("responses", "instructions", None, "Answer briefly."),
        ("responses", "instructions", "Be kind.", "Be kind.\n\nAnswer briefly."),
        ("completions", "prompt", "Once upon", "Answer briefly.\n\nOnce upon"),
        ("completions", "prompt", ["a", "b"], ["Answer briefly.\n\na", "Answer briefly.\n\nb"]),
        ("completions", "prompt", [1, 2, 3], [1, 2, 3]),
    ],
)
def test_other_dialects_have_the_hint_where_they_instruct(
    endpoint: str, name: str, said: object, hinted: object
) -> None:
    assert asked(endpoint, {} if said is None else {name: said})[name] == hinted


@pytest.mark.parametrize(
    ("endpoint", "thinking"),
    [
        ("messages", {"thinking": {"type": "enabled", "budget_tokens": 8000}}),
        ("chat", {"reasoning_effort": "high"}),
        ("responses", {"reasoning": {"effort": "high"}}),
    ],
)
def test_a_small_model_does_not_think_its_few_tokens_away(endpoint: str, thinking: dict[str, Any]) -> None:
    assert thinking.keys().isdisjoint(asked(endpoint, thinking))


def test_the_form_of_the_reply_stays_when_the_effort_goes() -> None:
    schema = {"type": "json_schema", "schema": {"type": "object"}}
    found = asked("messages", {"max_tokens": 9, "output_config": {"effort": "max", "format": schema}, "tools": [{}]})
    assert (found["output_config"], found["tools"], found["max_tokens"]) == ({"format": schema}, [{}], 9)


@pytest.mark.parametrize("endpoint", ["embeddings", "count_tokens"])
def test_numbers_have_no_short_answer(endpoint: str) -> None:
    assert shortly(endpoint, {"input": "hi"}, SHORT) is None
