"""What of a provider's words is believed; what the vendors say is in tests/proxy/worker/test_key_fault.py."""

import pytest

from proxy.dialects.key_words import OfKey, about_key


def test_a_code_of_the_vendors_own_error_object_is_believed_under_any_status() -> None:
    for status in (200, 400, 403, 429, 500):
        assert about_key("openai", status, {"invalid_api_key"}, "x") == OfKey("refused")


def test_another_vendors_code_is_not() -> None:
    assert about_key("anthropic", 400, {"insufficient_quota"}, "x") is None


def test_a_sentence_is_believed_whole_or_not_at_all() -> None:
    assert about_key("openai", 402, (), "Insufficient Balance") == OfKey("exhausted")
    assert about_key("openai", 402, (), "'Insufficient Balance'") == OfKey("exhausted", holds=False)
    assert about_key("openai", 402, (), "Insufficient Balance is no model") == OfKey("exhausted", holds=False)


@pytest.mark.parametrize("status", [400, 403])
def test_words_elsewhere_are_about_one_call(status: int) -> None:
    assert about_key("openai", status, (), "Incorrect API key provided") == OfKey("refused", holds=False)
    assert about_key("openai", status, (), "insufficient funds") == OfKey("exhausted", holds=False)


def test_a_401_is_believed_unless_its_words_excuse_the_key() -> None:
    assert about_key("google", 401, (), "") == OfKey("refused")
    assert about_key("openai", 401, (), "Missing scopes: model.request") == OfKey("refused", holds=False)


def test_other_statuses_say_nothing() -> None:
    for status in (None, 404, 429, 500, 503):
        assert about_key("openai", status, (), "no") is None
