"""platform.openai.com/docs/guides/safety-best-practices: hash their username; at most 64 characters."""

from proxy.dialects.openai_user import user_id


def test_what_fits_stays_as_it_is() -> None:
    assert user_id(None) is None
    assert user_id("") == ""
    assert user_id("u" * 64) == "u" * 64


def test_what_is_too_long_becomes_a_name_of_the_same_user() -> None:
    long = '{"device_id":"' + "5f" * 32 + '","session_id":"8c1b8d4f-6a0e-4a5f-9a3e-1b7f0f3a2d22"}'
    made = user_id(long)
    assert made is not None
    assert len(made) == 64
    assert made.isalnum()
    assert made == user_id(long) != user_id(long + " ")


def test_a_half_character_does_no_harm() -> None:
    made = user_id("\ud83d" * 65)
    assert made is not None
    assert len(made) == 64
