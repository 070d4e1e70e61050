"""How Google's transcoder reads JSON: protobuf.dev/programming-guides/json, and its words in error replies."""

from typing import Any

import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.proto_json import Kind, decoded, read

MESSAGES: dict[str, dict[str, Kind]] = {
    "Request": {
        "maxTokens": "int32",
        "topP": "float",
        "name": "string",
        "flag": "bool",
        "data": "bytes",
        "mode": ("MODE_UNSPECIFIED", "AUTO", "ANY"),
        "contents": ["Content"],
        "args": "struct",
        "anything": "value",
        "properties": "map Content",
        "inner": "Content",
    },
    "Content": {"partCount": "int64", "names": ["string"]},
}


def test_names_come_in_either_case_and_null_is_nothing() -> None:
    given = {"max_tokens": 1, "topP": 0.5, "name": None, "inner": {"part_count": 2}}
    assert read(given, "Request", MESSAGES) == {"maxTokens": 1, "topP": 0.5, "inner": {"partCount": 2}}


def test_what_is_free_is_left_as_it_is() -> None:
    given = {"args": {"snake_case": None, "n": 1.5}, "anything": [{"a_b": 1}], "properties": {"a_b": {"part_count": 1}}}
    assert read(given, "Request", MESSAGES) == given | {"properties": {"a_b": {"partCount": 1}}}


def test_numbers_enums_and_single_things_are_taken_kindly() -> None:
    given = {"maxTokens": "12", "mode": "any", "contents": {"partCount": 3.0, "names": "a"}}
    assert read(given, "Request", MESSAGES) == {
        "maxTokens": 12,
        "mode": "ANY",
        "contents": [{"partCount": 3, "names": ["a"]}],
    }
    assert read({"mode": 1}, "Request", MESSAGES) == {"mode": "AUTO"}


@pytest.mark.parametrize(
    ("given", "text", "field"),
    [
        (
            {"foo": 1},
            'Invalid JSON payload received. Unknown name "foo": Cannot find field.',
            None,
        ),
        (
            {"contents": [{}, {"foo_bar": 1}]},
            "Invalid JSON payload received. Unknown name \"foo_bar\" at 'contents[1]': Cannot find field.",
            "contents[1]",
        ),
        (
            {"properties": {"a": {"$ref": 1}}},
            "Invalid JSON payload received. Unknown name \"$ref\" at 'properties[0].value': Cannot find field.",
            "properties[0].value",
        ),
        (
            {"inner": {"partCount": [1]}},
            "Invalid JSON payload received. Unknown name \"partCount\" at 'inner': Proto field is not repeating, "
            "cannot start list.",
            "inner",
        ),
        ({"maxTokens": "many"}, "Invalid value at 'max_tokens' (TYPE_INT32), \"many\"", "max_tokens"),
        ({"maxTokens": 1.5}, "Invalid value at 'max_tokens' (TYPE_INT32), 1.5", "max_tokens"),
        ({"maxTokens": True}, "Invalid value at 'max_tokens' (TYPE_INT32), True", "max_tokens"),
        ({"contents": [{"names": [1]}]}, "Invalid value at 'contents[0].names[0]' (TYPE_STRING), 1", None),
        ({"data": "?"}, "Invalid value at 'data' (TYPE_BYTES), Base64 decoding failed for \"?\"", "data"),
        ({"flag": "yes"}, "Invalid value at 'flag' (TYPE_BOOL), \"yes\"", "flag"),
        ({"args": "{}"}, "Invalid value at 'args' (TYPE_STRUCT), \"{}\"", "args"),
    ],
)
def test_what_does_not_fit_is_refused_in_googles_words(given: dict[str, Any], text: str, field: str | None) -> None:
    with pytest.raises(ApiError) as caught:
        read(given, "Request", MESSAGES)
    assert caught.value.message == text
    (violation,) = caught.value.details[0]["fieldViolations"]
    assert violation.get("field") == field or field is None


@pytest.mark.parametrize("given", [{"mode": "SOME"}, {"mode": 7}, {"inner": "x"}, {"properties": 1}, [], "x"])
def test_what_is_of_another_kind_is_refused(given: Any) -> None:
    with pytest.raises(ApiError):
        read(given, "Request", MESSAGES)


def test_all_violations_come_at_once() -> None:
    with pytest.raises(ApiError) as caught:
        read({"a": 1, "b": 2}, "Request", MESSAGES)
    assert len(caught.value.message.splitlines()) == len(caught.value.details[0]["fieldViolations"]) == 2


def test_bytes_are_base64_of_either_alphabet() -> None:
    assert decoded("-_8=") == decoded("+/8=") == decoded("-_8") == b"\xfb\xff"
