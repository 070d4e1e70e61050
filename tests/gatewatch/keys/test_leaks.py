"""Keys in a document: found by shape and checksum, and nothing else is."""

import json
import time

import pytest

from gatewatch.keys import token
from gatewatch.keys.leaks import CANDIDATES, Reactions, keys_in, secrets_in


def kid(secret: str) -> str:
    found = token.parse(secret)
    assert found is not None
    return found


def test_keys_are_found_wherever_they_stand_each_once_and_in_order() -> None:
    first, second = token.mint("client", "live"), token.mint("admin", "test")
    text = f"export KEY='{first}'\nthen {second}, {first}{second}x and {first[:-1]}"
    assert secrets_in(text) == secrets_in(text.encode()) == [first, second]
    assert keys_in(text) == keys_in(text.encode()) == [kid(first), kid(second)]


def test_a_key_in_json_is_found_in_the_bytes() -> None:
    secret = token.mint("client", "live")
    body = json.dumps({"messages": [{"role": "user", "content": f'set {{"key": "{secret}"}}\n'}]}).encode()
    assert keys_in(body) == [kid(secret)]


@pytest.mark.parametrize(
    "text", ["", "gwk_", "gwk_sk_live_" + "a" * 57, "GWK_SK_LIVE_" + "a" * 57, "sk-proj-" + "a" * 60, "\udcff\x00" * 50]
)
def test_what_only_looks_like_a_key_is_none(text: str) -> None:
    assert keys_in(text) == []
    assert keys_in(text.encode("utf-8", "surrogateescape")) == []


def test_a_key_with_a_typo_is_none() -> None:
    secret = token.mint("client", "live")
    assert keys_in(secret[:30] + ("a" if secret[30] != "a" else "b") + secret[31:]) == []


def test_a_document_full_of_keys_is_read_to_a_bound() -> None:
    many = " ".join(token.mint("client", "live") for _ in range(CANDIDATES + 50))
    assert len(keys_in(many)) == CANDIDATES
    begun = time.process_time()
    assert keys_in(b"gwk_sk_live_" * 200_000) == []
    assert time.process_time() - begun < 2


def test_nothing_is_refused_unless_somebody_asks_for_it() -> None:
    assert Reactions() == Reactions(
        browser="alert", new_network="alert", in_prompt="alert", learn_us=7 * 24 * 3600 * 1_000_000
    )
