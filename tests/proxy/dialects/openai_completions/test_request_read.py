"""Legacy completions by their API reference, asked of providers that have chat alone."""

from typing import Any

import pytest

from proxy.canonical.ask import Ask, Turn
from proxy.canonical.parts import Text
from proxy.dialects.openai_completions.request_read import echoes, prompt_of, read
from proxy.refusal import Refusal


def ask(**params: Any) -> Ask:
    return read({"model": "m", "prompt": "Once upon"} | params)


def test_the_prompt_is_one_turn_and_the_output_is_short_by_default() -> None:
    assert ask() == Ask(turns=[Turn(role="user", parts=[Text(text="Once upon")])], max_output=16)
    assert ask(prompt=["Once upon"]).turns == ask().turns


def test_every_parameter_with_a_place_is_in_its_place() -> None:
    asked = ask(
        max_tokens=50,
        temperature=0.5,
        top_p=0.9,
        stop="\n",
        seed=7,
        n=2,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        logprobs=3,
        stream=True,
        user="u",
    )
    assert (asked.max_output, asked.temperature, asked.top_p, asked.stop, asked.seed) == (50, 0.5, 0.9, ["\n"], 7)
    assert (asked.n, asked.presence_penalty, asked.frequency_penalty) == (2, 0.1, 0.2)
    assert (asked.logprobs, asked.top_logprobs, asked.stream, asked.user) == (True, 3, True, "u")
    assert asked.others == {}


def test_what_chat_cannot_do_is_kept_to_be_lost_by_name() -> None:
    assert ask(suffix="end", best_of=3, n=2, logit_bias={"5": 1}).others == {
        "suffix": "end",
        "logit_bias": {"5": 1},
        "best_of": 3,
    }
    assert ask(echo=True, logprobs=0).others == {"echo": True}


def test_what_changes_nothing_is_no_loss() -> None:
    assert ask(best_of=1, echo=False, suffix=None, logit_bias={}, stream_options={"include_usage": True}).others == {}
    assert ask(echo=True).others == {}
    assert echoes({"echo": True})


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"prompt": None}, "prompt", "missing_required_parameter"),
        ({"prompt": ""}, "prompt", "missing_required_parameter"),
        ({"prompt": []}, "prompt", "missing_required_parameter"),
        ({"prompt": [""]}, "prompt", "missing_required_parameter"),
        ({"prompt": ["a", "b"]}, "prompt", "unsupported_value"),
        ({"prompt": [1, 2, 3]}, "prompt", "unsupported_value"),
        ({"prompt": [7]}, "prompt", "unsupported_value"),
        ({"prompt": [[1, 2], [3]]}, "prompt", "unsupported_value"),
        ({"prompt": {"text": "a"}}, "prompt", "invalid_type"),
        ({"max_tokens": "many"}, "max_tokens", "invalid_type"),
        ({"logprobs": True}, "logprobs", "invalid_type"),
        ({"echo": "yes"}, "echo", "invalid_type"),
    ],
)
def test_what_cannot_be_one_turn_is_a_400(params: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        ask(**params)
    assert (refused.value.status, refused.value.param, refused.value.code) == (400, param, code)


def test_a_list_of_one_is_its_prompt() -> None:
    assert prompt_of({"prompt": ["a"]}) == "a"
