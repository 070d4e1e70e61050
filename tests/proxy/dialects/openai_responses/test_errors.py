"""Broken streams raise in the official client of both generations (openai/_streaming.py: events with an `error`)."""

import json
import os
import subprocess

import httpx2
import openai
import pytest

from proxy.dialects.openai_responses.errors import error_body, error_event
from proxy.refusal import Refusal

REFUSAL = Refusal(502, "upstream_truncated", "The provider broke off.", type="server_error", param=None)


def test_the_body_is_openais_four_fields() -> None:
    assert json.loads(error_body(REFUSAL)) == {
        "error": {
            "message": "The provider broke off.",
            "type": "server_error",
            "param": None,
            "code": "upstream_truncated",
        }
    }


def test_the_event_has_the_documented_fields_and_an_error_object() -> None:
    frame = error_event(REFUSAL).decode()
    assert frame.startswith("event: error\ndata: {")
    assert frame.endswith("}\n\n")
    event = json.loads(frame.split("data: ")[1])
    assert event["type"] == "error"
    assert (event["code"], event["message"], event["param"]) == ("upstream_truncated", "The provider broke off.", None)
    assert event["error"]["code"] == "upstream_truncated"


def test_the_client_raises_in_the_middle_of_a_stream() -> None:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=error_event(REFUSAL))

    with (
        httpx2.Client(transport=httpx2.MockTransport(answer)) as http,
        openai.OpenAI(api_key="k", base_url="http://gateway/v1", http_client=http, max_retries=0) as client,
        client.responses.create(model="m", input="hi", stream=True) as stream,
        pytest.raises(openai.APIError, match="broke off") as raised,
    ):
        next(iter(stream))
    assert (raised.value.code, raised.value.type) == ("upstream_truncated", "server_error")


OLD_CLIENT = """
import sys, httpx, openai
def answer(request):
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=sys.stdin.buffer.read())
http = httpx.Client(transport=httpx.MockTransport(answer))
client = openai.OpenAI(api_key="k", base_url="http://gateway/v1", http_client=http, max_retries=0)
try:
    list(client.responses.create(model="m", input="hi", stream=True))
except openai.APIError as error:
    print(error.code, error.message)
"""


@pytest.mark.skipif("GATEWATCH_OPENAI1_PYTHON" not in os.environ, reason="the 1.x client is not installed")
def test_the_client_of_the_first_generation_raises_too() -> None:
    python = os.environ["GATEWATCH_OPENAI1_PYTHON"]
    said = subprocess.run([python, "-c", OLD_CLIENT], input=error_event(REFUSAL), capture_output=True, check=True)
    assert said.stdout.decode().strip() == "upstream_truncated The provider broke off."
