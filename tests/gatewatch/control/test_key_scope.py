"""What the lists of a key may hold."""

import pytest

from gatewatch.control.key_scope import CALLER_DIALECTS, checked_dialects, checked_networks
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
