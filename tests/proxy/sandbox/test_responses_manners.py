"""The error event as `openai` 3.52 types it."""

import json

from openai.types.responses import ResponseErrorEvent

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.responses_manners import AZURE_RESPONSES, RESPONSES
from tests.kit.strict_types import assert_fits


def test_an_error_in_a_stream_is_an_event() -> None:
    for manners in (RESPONSES, AZURE_RESPONSES):
        frame = manners.error_event(ApiError(500, "It failed."), "1").decode()
        name, data = frame.removesuffix("\n\n").split("\n")
        assert name == "event: error"
        event = json.loads(data.removeprefix("data: "))
        assert_fits(event, ResponseErrorEvent)
        assert (event["code"], event["message"]) == ("server_error", "It failed.")


def test_nonsense_usage_has_the_names_of_this_api() -> None:
    assert "input_tokens" in json.loads(RESPONSES.bad_usage)
