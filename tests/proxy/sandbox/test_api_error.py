import json
from collections.abc import Mapping

import msgspec
import pytest

from proxy.sandbox.api_error import ApiError, does_not_fit, wrong_key


class Inner(msgspec.Struct):
    size: int


class Body(msgspec.Struct):
    model: str
    items: list[Inner] = []


def complaint(body: bytes) -> Mapping[str, object]:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=Body)
    return does_not_fit(caught.value).error


def test_an_error_has_the_four_fields_of_openai() -> None:
    body = ApiError(400, "No.", param="n", code="invalid_value").body()
    error = {"message": "No.", "type": "invalid_request_error", "param": "n", "code": "invalid_value"}
    assert json.loads(body) == {"error": error}


def test_a_missing_field_is_named_with_its_place() -> None:
    assert complaint(b'{"model":"x","items":[{}]}') == {
        "message": "Missing required parameter: 'items[0].size'.",
        "type": "invalid_request_error",
        "param": "items[0].size",
        "code": "missing_required_parameter",
    }


def test_a_missing_model_is_worded_as_openai_words_it() -> None:
    assert complaint(b"{}")["message"] == "you must provide a model parameter"


def test_a_wrong_type_is_told_from_a_wrong_value() -> None:
    wrong = complaint(b'{"model":"x","items":[{"size":"big"}]}')
    assert (wrong["param"], wrong["code"]) == ("items[0].size", "invalid_type")
    assert complaint(b"[]")["param"] is None


@pytest.mark.parametrize(
    ("key", "shown"),
    [("sk-abcdefghijklmnop", "sk-abcde************mnop"), ("bad-short", "*********")],
)
def test_a_refused_key_is_shown_by_its_ends_only_where_that_hides_enough(key: str, shown: str) -> None:
    assert f"provided: {shown}. " in str(wrong_key(key))
