"""The text of a virtual key."""

import hashlib
import hmac
import string

import pytest

from gatewatch.keys.token import digest, mint, parse

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def test_a_key_says_its_kind_and_environment_and_is_69_characters_of_one_word() -> None:
    assert mint("client", "live").startswith("gwk_sk_live_")
    assert mint("client", "test").startswith("gwk_sk_test_")
    assert mint("admin", "live").startswith("gwk_ak_live_")
    key = mint("admin", "test")
    assert key.startswith("gwk_ak_test_")
    assert len(key) == 69
    assert set(key[12:]) <= set(BASE62)


def test_the_kid_is_read_from_the_key() -> None:
    key = mint("client", "live")
    assert parse(key) == key[12:20]


def test_a_key_made_elsewhere_with_the_same_rule_is_read() -> None:
    # CRC-32 bit by bit (polynomial 0xEDB88320), base 62 digit by digit.
    body = "gwk_sk_live_" + "0" * 51
    crc = 0xFFFFFFFF
    for byte in body.encode():
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    checksum = ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        checksum = BASE62[digit] + checksum
    assert parse(body + checksum) == "00000000"


def test_two_keys_are_never_the_same() -> None:
    assert len({mint("client", "live") for _ in range(1000)}) == 1000


def test_any_single_typo_is_seen_without_a_look_up() -> None:
    key = mint("client", "live")
    for place in range(12, 69):
        other = "A" if key[place] != "A" else "B"
        assert parse(key[:place] + other + key[place + 1 :]) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gwk_sk_live_",
        "' OR '1'='1",
        "'; DROP TABLE keys; --",
        "x" * 1_000_000,
        "gwk_sk_live_" + "0" * 1_000_000,
        "gwk_sk_live_" + "0" * 57,
        "gwk_sk_live_" + "é" * 57,
        "gwk_sk_live_" + "٣" * 57,
        "gwk_sk_live_" + "\udcff" * 57,
        "gwk_sk_prod_" + "0" * 57,
        "gwk_xx_live_" + "0" * 57,
        "GWK_SK_LIVE_" + "0" * 57,
        "sk-proj-" + "a" * 61,
        "\x00" * 69,
        "\n" * 69,
    ],
    ids=lambda text: repr(text[:24]),
)
def test_anything_else_is_refused_without_an_exception(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("around", [" {}", "{} ", "{}\n", "\ufeff{}", "{}\x00"])
def test_a_key_with_something_around_it_is_not_a_key(around: str) -> None:
    assert parse(around.format(mint("client", "live"))) is None


def test_what_is_stored_is_an_hmac_of_the_whole_key_under_the_pepper() -> None:
    key, pepper = mint("client", "live"), bytes(range(32))
    assert digest(pepper, key) == hmac.new(pepper, key.encode(), hashlib.sha256).digest()
    assert digest(pepper, key) != digest(bytes(32), key)
