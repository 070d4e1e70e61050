"""Fields of a request are of their documented types, or it is a 400 that names them."""

from collections.abc import Callable
from typing import Any

import pytest

from proxy.dialects.anthropic_messages.fields import boolean, integer, number, objects, text, texts
from proxy.refusal import Refusal


@pytest.mark.parametrize(
    ("read", "good", "absent", "bad"),
    [
        (text, ["", "x"], None, [1, True, [], {}]),
        (integer, [0, 5], None, [-1, 1.5, "1", True]),
        (number, [0, 0.5, 1, -2], None, ["1", True, []]),
        (boolean, [True, False], None, [0, "true", {}]),
        (texts, [[], ["a"]], [], ["a", [1], {}]),
        (objects, [[], [{}]], [], [{}, "a", [[]]]),
    ],
)
def test_a_field_is_of_its_type(
    read: Callable[[dict[str, Any], str], Any], good: list[Any], absent: Any, bad: list[Any]
) -> None:
    assert [read({"f": value}, "f") for value in good] == good
    assert read({}, "f") == absent
    assert read({"f": None}, "f") == absent
    for value in bad:
        with pytest.raises(Refusal, match="f: Input should be") as raised:
            read({"f": value}, "f")
        assert (raised.value.status, raised.value.param) == (400, "f")
