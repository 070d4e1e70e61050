"""What holds for every mapping of the configuration file."""

import pytest
from pydantic import ValidationError

from gatewatch.config.section import Section


class Colour(Section):
    name: str = "red"
    """What it is called."""


def test_a_key_that_is_not_declared_is_not_taken() -> None:
    with pytest.raises(ValidationError, match="extra"):
        Colour.model_validate({"nmae": "blue"})


def test_nothing_changes_once_it_is_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Colour().name = "blue"  # type: ignore[misc]


def test_the_text_under_a_key_is_its_documentation() -> None:
    assert Colour.model_fields["name"].description == "What it is called."
