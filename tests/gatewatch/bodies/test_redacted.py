"""What is kept of a body holds no secret, is as long as it may be, and says what it lacks."""

import json
import random
import string
from typing import Any

import pytest

from gatewatch.bodies.redacted import redacted

KEY = "sk-proj-Zq3Xv7Kp9Lm2Nb5Rt8Yw1Ua4"
PLENTY = 100_000


def kept(value: Any, most: int = PLENTY) -> Any:
    return json.loads(redacted(value, most).text)


def test_a_conversation_without_secrets_stays_as_it_is() -> None:
    body = {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "Grüße\nand 2 lines — at 10:30, see report-2026"}],
        "temperature": 0.5,
        "stop": None,
        "stream": True,
    }
    done = redacted(body, PLENTY)
    assert (json.loads(done.text), done.cut, done.counts) == (body, 0, {})


def test_secrets_go_wherever_they_stand() -> None:
    body = {
        "messages": [
            {"role": "user", "content": f"first line\n{KEY}\nwrite to jo@example.com or call +49 170 1234567"},
            {"role": "assistant", "tool_calls": [{"function": {"arguments": json.dumps({"token": KEY})}}]},
            {"role": "tool", "content": [{"type": "text", "text": f"Authorization: Bearer {KEY}"}]},
        ],
        KEY: 1,
        "tool": {"input": {"password": "hunter2x", "api_key": "plainword", "nested": [{"client_secret": "qwertz"}]}},
    }
    done = redacted(body, PLENTY)
    text = done.text.decode()
    for gone in (KEY, "jo@example", "1234567", "hunter2x", "plainword", "qwertz"):
        assert gone not in text
    assert done.counts == {"secret": 7, "email": 1, "phone": 1}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "password",
            "passwords",
            "userPassword",
            "pwd",
            "DB_PASSWD",
            "passphrase",
            "secret",
            "secrets",
            "client_secret",
        ),
        *("clientSecret", "signingSecret", "secretKey", "api_key", "apiKey", "APIKey", "X-Api-Key", "api key", "token"),
        *("id_token", "idToken", "IDToken", "access_token", "accessTokens", "X-Auth-Token", "authorization"),
        *("Authorization", "Proxy-Authorization", "credentials", "private_key", "signing_key", "Cookie", "set-cookie"),
    ],
)
def test_what_stands_under_the_name_of_a_credential_goes_whatever_its_type(name: str) -> None:
    for value in ("hunter2x", "abc", 12345678, 1.5, 0, ["hunter22"], {"value": "hunter22"}, [{"a": [1]}]):
        done = redacted({name: value, "more": "stays"}, PLENTY)
        assert json.loads(done.text) == {name: "[secret]", "more": "stays"}
        assert done.counts == {"secret": 1}


@pytest.mark.parametrize(
    "body",
    [
        {"max_tokens": 12345678, "usage": {"prompt_tokens": 12345678, "total_tokens": 9}, "token_count": 12345678},
        {"password": None, "token": "", "api_key": False, "secrets": [], "credentials": {}},
        {"logprobs": {"content": [{"token": "Hello", "logprob": -0.25, "top_logprobs": []}]}},
        {"author": "Jo", "secretary": "Jo", "keyboard": "us", "tokenizer": "bpe", "name": "password", "cookies": "oat"},
        {"created": 1763751234, "size": 12345678, "at_ms": 1763751234123, "id": 10**30, "big": 1e300, "n": -1.5},
    ],
    ids=["counts of tokens", "nothing", "tokens of a reply", "other names", "numbers"],
)
def test_what_is_no_credential_stays(body: Any) -> None:
    assert kept(body) == body


def test_a_credential_that_is_named_beside_its_value_goes() -> None:
    body = [
        {"name": "api_key", "value": "plainword"},
        {"Name": "DB_PASSWORD", "Value": 12345678, "type": "text"},
        {"key": "Authorization", "value": ["Basic abcdefgh"]},
        {"name": "city", "value": "Bonn"},
        {"type": "function", "function": {"name": "reset_password", "arguments": "{}"}},
    ]
    assert kept(body) == [
        {"name": "api_key", "value": "[secret]"},
        {"Name": "DB_PASSWORD", "Value": "[secret]", "type": "text"},
        {"key": "Authorization", "value": "[secret]"},
        *body[3:],
    ]


def test_numbers_of_cards_and_phones_go_as_numbers_too() -> None:
    body = {"card": 4111111111111111, "list": [4111111111111111, 7, 4.111111111111111e15]}
    phones = {"phone": 4155550123, "mobilePhone": "4155550123", "contact": {"tel": 493012345678}, "phone_count": 3}
    done = redacted(body | phones, PLENTY)
    assert json.loads(done.text) == {
        "card": "[card]",
        "list": ["[card]", 7, "[card]"],
        "phone": "[phone]",
        "mobilePhone": "[phone]",
        "contact": {"tel": "[phone]"},
        "phone_count": 3,
    }
    assert done.counts == {"card": 3, "phone": 3}


def test_a_private_key_over_many_lines_goes() -> None:
    lines = "\n".join("".join(random.Random(n).choices(string.ascii_letters, k=64)) for n in range(2000))
    said = kept(
        {"content": f"see\n-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----\nthere"}, 10**6
    )
    assert said == {"content": "see\n[secret]\nthere"}


def test_a_secret_that_a_cut_goes_through_goes() -> None:
    for most in range(100, 180):
        text = redacted({"content": f"{'word ' * 20}{KEY} {'more ' * 10_000}"}, most).text.decode()
        assert KEY[:12] not in text, most


def test_secrets_shorten_a_text_and_nothing_unseen_comes_into_view() -> None:
    content = f"{KEY} " * 3000
    text = redacted({"content": content}, 20_000).text.decode()
    assert "sk-proj" not in text


@pytest.mark.parametrize("most", [1000, 5000, 60_000])
def test_a_long_body_is_cut_and_says_so(most: int) -> None:
    turns = [{"role": "user", "content": f"{n} " + "words " * 500} for n in range(300)]
    done = redacted({"messages": turns}, most)
    assert len(done.text) <= 1.6 * most
    said = json.loads(done.text)["messages"]
    assert said[0]["content"].startswith("0 words")
    assert done.cut > 0
    assert "left out" in done.text.decode()


def test_what_is_missing_of_one_text_is_counted_exactly() -> None:
    done = redacted({"content": "a b " * 1000}, 1000)
    said = json.loads(done.text)["content"]
    text, _, mark = said.partition("[left out: ")
    assert mark == f"{4000 - len(text)} more characters]"
    assert done.cut == 4000 - len(text)


def test_pictures_sound_and_vectors_are_left_out() -> None:
    picture = "data:image/png;base64," + "iVBORw0KGgo" * 1000
    said = kept({"url": picture, "data": "QUJD" * 2000, "embedding": [0.25] * 1536, "few": [1, 2, 3]})
    assert said == {
        "url": f"[left out: data:image/png;base64 of {len(picture)} characters]",
        "data": "[left out: data of 8000 characters]",
        "embedding": "[left out: 1536 numbers]",
        "few": [1, 2, 3],
    }


def _nested(depth: int) -> Any:
    return {"a": [_nested(depth - 1)]} if depth else {}


@pytest.mark.parametrize(
    "body",
    [
        {f"name{n}": n for n in range(50_000)},
        [[n] for n in range(50_000)],
        _nested(300),
        {"x" * 100_000: {}},
        {"a": [""] * 90_000},
    ],
    ids=["names", "lists", "deep", "a long name", "empty texts"],
)  # fmt: skip
def test_no_form_of_a_body_makes_it_long(body: Any) -> None:
    done = redacted(body, 2000)
    assert len(done.text) < 12_000
    assert done.cut > 0


def test_half_a_character_is_no_obstacle() -> None:
    assert kept({"content": "a\ud83d"}) == {"content": "a\ud83d"}


def test_others_may_run_in_between() -> None:
    pauses: list[int] = []
    redacted({"content": "line of text\n" * 20_000}, 1_000_000, lambda: pauses.append(1))
    assert len(pauses) > 10
