"""ai.google.dev/gemini-api/docs/troubleshooting and cloud.google.com/apis/design/errors."""

import json
from typing import Any

import msgspec
import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.exchange import Request
from proxy.sandbox.google_manners import GOOGLE


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    text: str


class Body(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    generation_config: Inner | None = None


def asked(target: bytes = b"/v1beta/models", **headers: str) -> Request:
    request = Request()
    request.target = target
    request.headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return request


def shown(error: ApiError) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(GOOGLE.error_body(error, "1"))["error"]
    return found


def refused(request: Request) -> dict[str, Any]:
    with pytest.raises(ApiError) as caught:
        GOOGLE.check_key(request)
    return shown(caught.value)


def complaint(body: bytes) -> dict[str, Any]:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=Body)
    return shown(GOOGLE.does_not_fit(caught.value, body))


def test_a_key_in_its_header_will_do() -> None:
    GOOGLE.check_key(asked(x_goog_api_key="k"))


def test_a_wrong_key_is_a_bad_request_with_a_reason() -> None:
    error = refused(asked(x_goog_api_key="bad-1"))
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["message"] == "API key not valid. Please pass a valid API key."
    assert error["details"][0]["reason"] == "API_KEY_INVALID"


def test_no_key_is_not_permitted() -> None:
    error = refused(asked(authorization="Bearer k"))
    assert (error["code"], error["status"]) == (403, "PERMISSION_DENIED")


def test_a_key_in_the_address_is_refused() -> None:
    assert refused(asked(b"/v1beta/models?key=k", x_goog_api_key="k"))["code"] == 400


def test_an_unknown_name_is_told_with_its_place_in_protocol_buffers() -> None:
    error = complaint(b'{"generationConfig":{"text":"","topK":1}}')
    words = "Invalid JSON payload received. Unknown name \"topK\" at 'generation_config': Cannot find field."
    assert error["message"] == words
    assert error["details"] == [
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": "generation_config", "description": words}],
        }
    ]
    assert complaint(b'{"model":"m"}')["message"] == (
        'Invalid JSON payload received. Unknown name "model": Cannot find field.'
    )


def test_a_wrong_value_is_told_with_its_place() -> None:
    assert complaint(b'{"generationConfig":{"text":1}}')["message"].startswith(
        "Invalid value at 'generation_config.text'"
    )


def test_a_rate_limit_waits_in_its_details() -> None:
    minute, day = GOOGLE.refusals["429"].error("m"), GOOGLE.refusals["429-quota"].error("m")
    GOOGLE.come_back_after(minute, "37")
    assert shown(minute)["status"] == "RESOURCE_EXHAUSTED"
    violation, retry = shown(minute)["details"]
    assert "PerMinute" in violation["violations"][0]["quotaId"]
    assert retry == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s"}
    assert minute.headers == ""
    assert "PerDay" in shown(day)["details"][0]["violations"][0]["quotaId"]
    assert len(shown(GOOGLE.refusals["429"].error("m"))["details"]) == 1  # what one reply adds, another has not


def test_what_is_dictated_and_no_number_is_a_header() -> None:
    error = GOOGLE.refusals["429"].error("m")
    GOOGLE.come_back_after(error, "Wed, 21 Oct 2015 07:28:00 GMT")
    assert error.headers == "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n"


def test_there_are_no_headers_about_limits() -> None:
    assert GOOGLE.limits(1000) == ""
    assert "request-id" not in GOOGLE.headers("1", 1)
