"""Replies fit the SDK's `Completion` to the letter."""

import json
from typing import Any

import pytest
from openai.types import Completion

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer, Choice, Finish, TokenLogprob, Usage
from proxy.canonical.parts import Declined, Reasoning, Text
from proxy.dialects.openai_completions.reply_write import write
from tests.kit.strict_types import assert_fits

BODY = {"model": "m", "prompt": "Once"}


def written(choice: Choice, **body: Any) -> dict[str, Any]:
    answer = Answer(choices=[choice], usage=Usage(), model="claude-x", created=5)
    reply: dict[str, Any] = json.loads(write(answer, Tokens(input_uncached=3, output=2), BODY | body, "c1"))
    assert_fits(reply, Completion)
    return reply


def test_a_reply_is_a_text_completion() -> None:
    reply = written(Choice(parts=[Reasoning(text="Hm."), Text(text=" upon"), Text(text=" a")], finish="length"))
    assert (reply["id"], reply["object"], reply["created"], reply["model"]) == (
        "cmpl-c1",
        "text_completion",
        5,
        "claude-x",
    )
    assert reply["choices"] == [{"text": " upon a", "index": 0, "logprobs": None, "finish_reason": "length"}]
    assert reply["usage"]["total_tokens"] == 5


def test_the_prompt_is_echoed_for_who_asked_for_it() -> None:
    assert written(Choice(parts=[Text(text=" upon")], finish="stop"), echo=True)["choices"][0]["text"] == "Once upon"


def test_a_refusal_is_the_text() -> None:
    choice = written(Choice(parts=[Declined(text="No.")], finish="refusal"))["choices"][0]
    assert (choice["text"], choice["finish_reason"]) == ("No.", "content_filter")


@pytest.mark.parametrize(
    ("finish", "word"),
    [
        ("stop", "stop"),
        ("stop_sequence", "stop"),
        ("length", "length"),
        ("tool_calls", "stop"),
        ("content_filter", "content_filter"),
        ("pause", "length"),
    ],
)
def test_every_end_has_one_of_the_endpoints_words(finish: Finish, word: str) -> None:
    assert written(Choice(parts=[Text(text="x")], finish=finish))["choices"][0]["finish_reason"] == word


def test_logprobs_are_four_lists_side_by_side() -> None:
    logprobs = [
        TokenLogprob(token=" up", logprob=-0.5, top=[TokenLogprob(token=" up", logprob=-0.5)]),
        TokenLogprob(token="on", logprob=-1.5),
    ]
    choice = written(Choice(parts=[Text(text=" upon")], finish="stop", logprobs=logprobs))["choices"][0]
    assert choice["logprobs"] == {
        "tokens": [" up", "on"],
        "token_logprobs": [-0.5, -1.5],
        "top_logprobs": [{" up": -0.5}, {}],
        "text_offset": [0, 3],
    }
