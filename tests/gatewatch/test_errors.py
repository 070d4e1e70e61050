"""Errors that an operator acts on: the title, the next step, and an exit code that scripts rely on."""

import pytest

from gatewatch.errors import GatewatchError, NotAllowed, NotFound, Unreachable, UsageError


@pytest.mark.parametrize(
    ("error", "code"), [(GatewatchError, 1), (UsageError, 2), (NotFound, 3), (NotAllowed, 4), (Unreachable, 5)]
)
def test_each_error_has_its_exit_code(error: type[GatewatchError], code: int) -> None:
    assert error("it failed").exit_code == code


def test_an_error_reads_as_what_happened_and_what_to_do() -> None:
    assert str(NotFound("no key k_1", "gatewatch keys list")) == "no key k_1\n  gatewatch keys list"
    assert str(NotFound("no key k_1")) == "no key k_1"
