"""A signature keeps the name of its maker on its way through another dialect."""

import pytest

from proxy.canonical.signatures import MARK, unwrap, wrap


@pytest.mark.parametrize("signature", ["EqQBCg==", "a.b.c", "", "gw1.gemini.x"])
def test_it_comes_back_as_it_was_with_its_maker(signature: str) -> None:
    wrapped = wrap("anthropic-messages", signature)
    assert unwrap(wrapped) == ("anthropic-messages", signature)
    assert MARK in wrapped.encode()


@pytest.mark.parametrize("text", ["", "EqQBCg==", "gw1", "gw1.", "gw1.gemini", "gw1..x", "gw2.gemini.x"])
def test_any_other_text_is_the_callers_own(text: str) -> None:
    assert unwrap(text) is None
