"""Parameters by the API reference of Chat Completions; `reasoning` by OpenRouter's guide, `thinking` by Anthropic's."""

from typing import Any

import pytest

from proxy.canonical.ask import Ask, Format, Thinking, ToolChoice
from proxy.dialects.openai_chat.request_read import read, shows_reasoning
from proxy.refusal import Refusal

HI = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def ask(**params: Any) -> Ask:
    return read(HI | params)


def test_every_parameter_with_a_place_is_in_its_place() -> None:
    asked = ask(
        max_completion_tokens=100,
        temperature=0.5,
        top_p=1,
        top_k=40,
        stop=["a", "b"],
        seed=7,
        n=2,
        presence_penalty=0.1,
        frequency_penalty=-0.1,
        logprobs=True,
        top_logprobs=3,
        tool_choice="auto",
        parallel_tool_calls=False,
        verbosity="low",
        service_tier="flex",
        stream=True,
        user="u1",
        prompt_cache_key="k",
    )
    assert asked.max_output == 100
    assert (asked.temperature, asked.top_p, asked.top_k) == (0.5, 1, 40)
    assert (asked.stop, asked.seed, asked.n) == (["a", "b"], 7, 2)
    assert (asked.presence_penalty, asked.frequency_penalty) == (0.1, -0.1)
    assert (asked.logprobs, asked.top_logprobs) == (True, 3)
    assert (asked.tool_choice, asked.parallel_tools) == (ToolChoice(mode="auto"), False)
    assert (asked.verbosity, asked.service_tier, asked.stream) == ("low", "flex", True)
    assert (asked.user, asked.cache_key, asked.others) == ("u1", "k", {})


def test_nothing_said_is_nothing_asked() -> None:
    asked = ask()
    assert asked == Ask(turns=asked.turns)


def test_what_asks_nothing_of_a_provider_is_consumed_in_silence() -> None:
    quiet = {
        "metadata": {"team": "a"},
        "stream_options": {"include_usage": True},
        "usage": {"include": True},
        "store": False,
        "logit_bias": {},
        "modalities": ["text"],
        "prompt_cache_retention": "24h",
        "audio": None,
    }
    assert ask(**quiet).others == {}


def test_what_has_no_place_is_kept_under_the_callers_name() -> None:
    loud = {"logit_bias": {"5": 1}, "store": True, "prediction": {"type": "content", "content": "x"}, "min_p": 0.1}
    assert ask(**loud, unheard_of=1).others == loud | {"unheard_of": 1}


def test_the_newer_name_of_the_user_counts_and_the_older_is_not_forgotten() -> None:
    both = ask(user="old", safety_identifier="new")
    assert (both.user, both.others) == ("new", {"user": "old"})
    assert ask(safety_identifier="new").user == "new"


def test_both_bounds_of_the_output_are_kept() -> None:
    assert ask(max_tokens=5).max_output == 5
    assert ask(max_tokens=5, max_completion_tokens=9).max_output == 5


@pytest.mark.parametrize(("stop", "expected"), [(None, []), ("", []), ("a", ["a"]), (["a", "b"], ["a", "b"])])
def test_stop_is_a_list(stop: object, expected: list[str]) -> None:
    assert ask(stop=stop).stop == expected


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"reasoning_effort": "xhigh"}, Thinking(effort="xhigh")),
        ({"reasoning": {"effort": "low"}}, Thinking(effort="low")),
        ({"reasoning": {"max_tokens": 2000}}, Thinking(budget=2000)),
        ({"reasoning": {"enabled": True}}, Thinking(effort="medium")),
        ({"reasoning": {"enabled": False}}, Thinking(effort="none")),
        ({"reasoning": {"effort": "high", "exclude": True}}, Thinking(effort="high", shown=False)),
        ({"reasoning": {}}, None),
        ({"include_reasoning": False}, Thinking(shown=False)),
        ({"thinking": {"type": "enabled", "budget_tokens": 4096}}, Thinking(budget=4096)),
        ({"thinking": {"type": "enabled"}}, Thinking(effort="medium")),
        ({"thinking": {"type": "disabled"}}, Thinking(effort="none")),
        ({"thinking": {"type": "adaptive"}, "reasoning_effort": "high"}, Thinking(effort="high")),
        ({"thinking": {"type": "adaptive"}}, None),
    ],
)
def test_thinking_is_understood_in_each_way_of_asking(params: dict[str, Any], expected: Thinking | None) -> None:
    assert ask(**params).thinking == expected


def test_formats_are_read() -> None:
    shape = {"name": "city", "description": "d", "schema": {"type": "object"}, "strict": True}
    assert ask(response_format={"type": "json_schema", "json_schema": shape}).format == Format(
        kind="schema", name="city", description="d", schema={"type": "object"}, strict=True
    )
    assert ask(response_format={"type": "json_object"}).format == Format(kind="json")
    assert ask(response_format={"type": "text"}).format is None


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"temperature": "hot"}, "temperature", "invalid_type"),
        ({"max_tokens": 1.5}, "max_tokens", "invalid_type"),
        ({"max_completion_tokens": 0}, "max_completion_tokens", "invalid_value"),
        ({"n": 0}, "n", "invalid_value"),
        ({"stop": [1]}, "stop[0]", "invalid_type"),
        ({"stop": 1}, "stop", "invalid_type"),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"reasoning_effort": "extreme"}, "reasoning_effort", "invalid_value"),
        ({"reasoning": "high"}, "reasoning", "invalid_type"),
        ({"thinking": {"type": "maybe"}}, "thinking.type", "invalid_value"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "invalid_value"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {}}},
            "response_format.json_schema.name",
            "missing_required_parameter",
        ),
        ({"logprobs": 3}, "logprobs", "invalid_type"),
        ({"user": 5}, "user", "invalid_type"),
    ],
)
def test_a_malformed_parameter_is_a_400_that_names_it(params: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        ask(**params)
    assert (refused.value.status, refused.value.param, refused.value.code) == (400, param, code)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({}, True),
        ({"reasoning": {"exclude": True}}, False),
        ({"reasoning": {"exclude": False}}, True),
        ({"include_reasoning": False}, False),
    ],
)
def test_a_caller_may_not_want_to_see_thoughts(body: dict[str, Any], shown: bool) -> None:
    assert shows_reasoning(body) is shown
