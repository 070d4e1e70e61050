"""What the lists of a key may hold."""

import pytest

from gatewatch.control.key_scope import (
    CALLER_DIALECTS,
    checked_data_class,
    checked_dialects,
    checked_networks,
    checked_region,
)
from gatewatch.errors import UsageError
from proxy.worker.endpoints import ENDPOINTS


def test_the_dialects_of_keys_are_those_of_the_endpoints() -> None:
    assert set(CALLER_DIALECTS) == {endpoint.caller.name for endpoint in ENDPOINTS.values()}


def test_dialects_are_kept_once_and_in_order() -> None:
    assert checked_dialects(("openai-responses", "openai-chat", "openai-responses")) == (
        "openai-responses", "openai-chat",
    )  # fmt: skip


@pytest.mark.parametrize("wrong", [(), ("",), ("openai-chat", "OpenAI-Chat"), ("gemini",), ("x\x1b[2J",)])
def test_what_no_caller_speaks_is_refused(wrong: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        checked_dialects(wrong)


def test_networks_are_kept_in_their_usual_form() -> None:
    assert checked_networks(("192.0.2.17", " 10.0.0.0/8", "2001:DB8::/32", "10.0.0.0/255.0.0.0")) == (
        "192.0.2.17/32", "10.0.0.0/8", "2001:db8::/32",
    )  # fmt: skip


@pytest.mark.parametrize("wrong", [(), ("",), ("10.0.0.1/8",), ("10.0.0.0/33",), ("localhost",), ("10.0.0.0/8; x",)])
def test_what_is_no_network_is_refused(wrong: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        checked_networks(wrong)


def test_a_region_is_an_area_or_a_region_of_one_word() -> None:
    for region in ("eu", "uk", "swedencentral"):
        assert checked_region(region) == region
    for wrong in ("eu-west-1", "EU", "global", "", "*", "x" * 21):
        with pytest.raises(UsageError, match="no region is called"):
            checked_region(wrong)


def test_a_data_class_is_one_of_four() -> None:
    for data_class in ("public", "internal", "confidential", "restricted"):
        assert checked_data_class(data_class) == data_class
    with pytest.raises(UsageError, match="there is no data class"):
        checked_data_class("secret")
