from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gatewatch.config.problems import Problem
from gatewatch.config.validation import problems_of
from gatewatch.config.values import Duration, ListenAddress, TeamName


class Leaf(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int = Field(default=1, ge=1)
    kind: Literal["small", "large"] = "small"


class Root(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    leaf: Leaf | None = None
    leaves: dict[TeamName, Leaf] = {}
    row: tuple[Duration, ...] = Field(default=(), min_length=1)
    listen: Literal["unix"] | ListenAddress = "unix"


def problems(tree: object) -> list[Problem]:
    with pytest.raises(ValidationError) as caught:
        Root.model_validate(tree)
    return problems_of(caught.value, Root)


def test_an_unknown_key_names_the_nearest_of_its_own_mapping() -> None:
    assert problems({"name": "x", "leaf": {"sise": "1"}}) == [
        Problem(("leaf", "sise"), "an unknown key", "did you mean size?")
    ]
    assert problems({"name": "x", "leaves": {"a": {"zzz": "1"}}}) == [
        Problem(("leaves", "a", "zzz"), "an unknown key", "size, kind")
    ]


def test_a_missing_key_is_said_to_be_required() -> None:
    assert problems({}) == [Problem(("name",), "nothing", "this key is required")]


def test_a_value_of_several_kinds_is_one_problem() -> None:
    (problem,) = problems({"name": "x", "listen": "inet"})
    assert problem.path == ("listen",)
    assert problem.allowed == "unix, or HOST:PORT, as in 127.0.0.1:4000 or [::1]:4000"


def test_names_that_are_keys_are_checked_too() -> None:
    (problem,) = problems({"name": "x", "leaves": {"a\tb": {}}})
    assert problem.path == ("leaves", "a\tb")
    assert "letters, digits" in problem.allowed


def test_a_list_whose_items_are_refused_is_not_called_too_short() -> None:
    assert [problem.path for problem in problems({"name": "x", "row": ["soon"]})] == [("row", 0)]
    assert problems({"name": "x", "row": []}) == [Problem(("row",), "a list", "at least one item")]


@pytest.mark.parametrize(
    ("tree", "allowed"),
    [
        ({"name": "x", "leaf": "y"}, "a mapping"),
        ({"name": "x", "leaves": ["y"]}, "a mapping"),
        ({"name": "x", "row": "y"}, "a list"),
        ({"name": ["x"]}, "a text"),
        ({"name": "x", "leaf": {"size": "1.5"}}, "a whole number"),
        ({"name": "x", "leaf": {"size": "0"}}, "greater than or equal to 1"),
        ({"name": "x", "leaf": {"kind": "huge"}}, "small, large"),
        ("x", "a mapping"),
    ],
)
def test_each_kind_of_mistake_says_what_is_allowed(tree: object, allowed: str) -> None:
    assert [problem.allowed for problem in problems(tree)] == [allowed]
