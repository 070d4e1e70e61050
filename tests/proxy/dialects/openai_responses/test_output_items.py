"""Items of an output fit OpenAI's own types."""

from typing import Any

import pytest
from openai.types.responses import ResponseOutputItem

from proxy.canonical.answer import TokenLogprob
from proxy.canonical.parts import Citation
from proxy.dialects.openai_responses.output_items import (
    call_item,
    message_item,
    reasoning_item,
    refusal_part,
    text_part,
)
from tests.kit.strict_types import assert_fits

TEXT = text_part("hi", [Citation(url="https://x")], [TokenLogprob(token="hi", logprob=-1.0)])


@pytest.mark.parametrize(
    "item",
    [
        message_item("msg_1", []),
        message_item("msg_1", [TEXT, refusal_part("no")], "in_progress"),
        reasoning_item("rs_1", "", "gAAAA"),
        reasoning_item("rs_1", "thought", None),
        call_item("fc_1", "c1", "f", "{}", free=False),
        call_item("ctc_1", "c1", "f", "text", free=True),
    ],
)
def test_they_fit_to_the_letter(item: dict[str, Any]) -> None:
    assert_fits(item, ResponseOutputItem)


def test_thoughts_that_are_not_shown_have_no_summary() -> None:
    assert reasoning_item("rs_1", "", "x")["summary"] == []
    assert reasoning_item("rs_1", "so", "x")["summary"] == [{"type": "summary_text", "text": "so"}]
