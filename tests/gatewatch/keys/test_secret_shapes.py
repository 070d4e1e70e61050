"""Text that is probably a secret is recognised; names that people give are not."""

import pytest

from gatewatch.keys.secret_shapes import is_known_secret, looks_like_secret, shown, without_secrets

LETTERS = "abcdefghijklmnopqrstuvwxyz"

SECRETS = [
    "gwk_sk_live_" + "k1" * 28 + "k",
    "sk-proj-" + LETTERS,
    "sk-ant-api03-" + LETTERS,
    "sk-or-v1-" + LETTERS,
    "AIza" + LETTERS,
    "gsk_" + LETTERS,
    "xai-" + LETTERS,
    "hf_" + LETTERS,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_keys_with_a_known_start_are_recognised(secret: str) -> None:
    assert is_known_secret(secret)
    assert is_known_secret(f"Bearer {secret}")
    assert looks_like_secret(f"key={secret}")


@pytest.mark.parametrize("secret", ["0123456789abcdef" * 2, "a1B2" * 10])
def test_long_mixed_words_look_like_secrets_but_may_be_names(secret: str) -> None:
    assert looks_like_secret(secret)
    assert not is_known_secret(secret)


@pytest.mark.parametrize(
    "name",
    [
        "search",
        "team-a",
        "Customer Support 2026",
        "alice@example.org",
        "sk-1",
        "risk-assessment-and-scoring",
        "sk-learn-jobs",
        "sk-telecom-customer-support-2026",
        "customer-support-production-eu-west-1-2026",
        "0199c1d2-7b3e-7aaa-8bbb-0123456789ab",
        "x" * 64,
    ],
)
def test_names_that_people_give_are_not_taken_for_secrets(name: str) -> None:
    assert not is_known_secret(name)
    assert not looks_like_secret(name)


def test_a_secret_is_not_repeated_in_an_error_and_other_text_is_made_harmless() -> None:
    secret = "sk-proj-" + LETTERS
    assert secret not in shown(f"oops {secret}")
    assert "\x1b" not in shown("\x1b[2Jname")
    assert shown("search") == "'search'"


def test_secrets_are_taken_out_of_a_message() -> None:
    message = f"invalid choice: '{'a1B2' * 10}', not sk-proj-{LETTERS} (choose from list)"
    assert without_secrets(message) == "invalid choice: '[secret]', not [secret] (choose from list)"
