import json
from typing import Any

import pytest

from proxy.sandbox.prose import Dice
from proxy.sandbox.sample_json import sample


def made(schema: object, key: bytes = b"k") -> Any:
    return sample(schema, Dice(key))


def test_every_property_of_an_object_is_filled_in() -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer", "minimum": 18, "maximum": 20},
            "height": {"type": "number"},
            "member": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}, "minItems": 3},
            "nothing": {"type": "null"},
        },
    }
    value = made(schema)
    assert list(value) == ["name", "age", "height", "member", "tags", "nothing"]
    assert isinstance(value["name"], str)
    assert value["age"] in (18, 19)
    assert isinstance(value["height"], float)
    assert isinstance(value["member"], bool)
    assert len(value["tags"]) == 3
    assert value["nothing"] is None


def test_constants_choices_alternatives_and_references() -> None:
    assert made({"const": 7}) == 7
    assert made({"enum": ["a", "b"]}) in ("a", "b")
    assert made({"anyOf": [{"const": 1}, {"const": 2}]}) == 1
    assert made({"type": ["string", "null"]}) is not None
    assert made({"$defs": {"d": {"const": 3}}, "properties": {"x": {"$ref": "#/$defs/d"}}}) == {"x": 3}


def test_the_same_dice_make_the_same_value() -> None:
    schema = {"type": "array", "minItems": 20, "items": {"type": "integer"}}
    assert made(schema) == made(schema)
    assert made(schema) != made(schema, b"other")


@pytest.mark.parametrize(
    "schema",
    [
        None,
        "nonsense",
        {},
        {"type": "unheard-of"},
        {"enum": []},
        {"$ref": "#/nowhere"},
        {"type": []},
        {"type": "integer", "minimum": "x"},
        {"type": "object", "properties": []},
        {"type": "array", "minItems": -4},
        {"type": "array", "minItems": 10**9},
    ],
)
def test_a_schema_that_makes_no_sense_makes_something_harmless(schema: object) -> None:
    assert len(json.dumps(made(schema))) < 1000


def test_a_schema_that_contains_itself_comes_to_an_end() -> None:
    tree = {"type": "object", "properties": {"child": {"$ref": "#"}}}
    assert json.dumps(made(tree)).count("child") < 10
