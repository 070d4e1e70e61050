"""`StopReason` of the Converse API reference (botocore's service model)."""

import pytest

from proxy.dialects.bedrock_converse.finish import finish_of


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("tool_use", "tool_calls"),
        ("max_tokens", "length"),
        ("stop_sequence", "stop_sequence"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("malformed_model_output", "content_filter"),
        ("malformed_tool_use", "content_filter"),
        ("a_reason_of_tomorrow", "content_filter"),
    ],
)
def test_every_reason_has_its_word(reason: str, finish: str) -> None:
    assert finish_of(reason) == finish
