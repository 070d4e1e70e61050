"""Looks into a caller's JSON: OpenAI names the path and both types (error guide, `invalid_type`)."""

from collections.abc import Callable
from typing import Any

import pytest

from proxy.dialects.openai_chat import fields
from proxy.refusal import Refusal


def refusal(look: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as refused:
        look()
    return refused.value


@pytest.mark.parametrize(
    ("look", "value", "expected"),
    [
        (fields.text, 1, "expected a string, but got an integer"),
        (fields.boolean, "yes", "expected a boolean, but got a string"),
        (fields.integer, 1.5, "expected an integer, but got a number"),
        (fields.integer, True, "expected an integer, but got a boolean"),
        (fields.number, "0.5", "expected a number, but got a string"),
        (fields.number, False, "expected a number, but got a boolean"),
        (fields.array, {}, "expected an array, but got an object"),
        (fields.mapping, [], "expected an object, but got an array"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_by_its_path(look: Callable[..., Any], value: object, expected: str) -> None:
    refused = refusal(lambda: look({"x": value}, "x", "messages[2]"))
    assert (refused.status, refused.code, refused.param) == (400, "invalid_type", "messages[2].x")
    assert expected in refused.message


@pytest.mark.parametrize("look", [fields.text, fields.boolean, fields.integer, fields.number, fields.array])
def test_null_and_absent_are_the_same(look: Callable[..., Any]) -> None:
    assert look({"x": None}, "x") is None
    assert look({}, "x") is None


def test_what_is_required_and_missing_is_named() -> None:
    refused = refusal(lambda: fields.required_text({}, "role", "messages[0]"))
    assert (refused.status, refused.code, refused.param) == (400, "missing_required_parameter", "messages[0].role")


def test_numbers_have_a_least_and_words_a_list() -> None:
    assert refusal(lambda: fields.integer({"n": 0}, "n", least=1)).code == "invalid_value"
    assert refusal(lambda: fields.one_of("b", ("a",), "x.type")).param == "x.type"
    assert fields.one_of("a", ("a",), "x") == "a"
