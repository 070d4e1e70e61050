"""The caller's side as the worker meets it."""

import json

from proxy.dialects.dialect import CallerDialect
from proxy.dialects.openai_completions import CALLER
from proxy.refusal import bad_request


def test_the_side_keeps_the_contract() -> None:
    caller: CallerDialect = CALLER
    assert caller.name == "openai-completions"
    assert caller.names["turns"] == "prompt"


def test_an_error_has_all_four_fields_whole_and_in_a_stream() -> None:
    refusal = bad_request("invalid_value", "No.", param="prompt")
    expected = {
        "error": {"message": "No.", "type": "invalid_request_error", "param": "prompt", "code": "invalid_value"}
    }
    assert json.loads(CALLER.error(refusal, "c1")) == expected
    assert json.loads(CALLER.error_event(refusal, "c1").removeprefix(b"data: ")) == expected
