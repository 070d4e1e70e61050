"""Where a value is not what it should be, the caller is told the place."""

from typing import Any

import msgspec
import pytest

from proxy.dialects.openai_responses.typed import typed
from proxy.refusal import Refusal


class _Inner(msgspec.Struct):
    size: int


class _Outer(msgspec.Struct):
    name: str
    inner: list[_Inner] = []


def test_what_fits_is_taken_and_what_is_unknown_is_skipped() -> None:
    assert typed({"name": "a", "inner": [{"size": 1, "more": 2}]}, _Outer) == _Outer(name="a", inner=[_Inner(size=1)])


@pytest.mark.parametrize(
    ("value", "where", "code", "param"),
    [
        ({"name": 1}, "", "invalid_type", "name"),
        ({"name": "a", "inner": [{"size": "x"}]}, "input[3]", "invalid_type", "input[3].inner[0].size"),
        ({"inner": []}, "input[3]", "missing_required_parameter", "input[3].name"),
        ({"name": "a", "inner": [{}]}, "", "missing_required_parameter", "inner[0].size"),
        ({}, "", "missing_required_parameter", "name"),
    ],
)
def test_what_does_not_fit_is_a_400_that_names_the_place(value: Any, where: str, code: str, param: str) -> None:
    with pytest.raises(Refusal) as refused:
        typed(value, _Outer, where)
    assert (refused.value.status, refused.value.code, refused.value.param) == (400, code, param)
