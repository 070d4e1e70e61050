"""Secrets of providers are found wherever they stand, and nothing else is taken for one."""

import json
import random
import string
import timeit

import pytest

from proxy.settings import Provider, ProviderKey
from proxy.worker.provider_secrets import Owner, ProviderSecrets
from tests.kit.token_server import TokenServer

LETTERS = string.ascii_letters + string.digits + "-_"


def provider(name: str, *secrets: str | None, auth: str = "key") -> Provider:
    keys = tuple(ProviderKey(id=f"k{n}", secret=secret, version=f"v{n}") for n, secret in enumerate(secrets))
    return Provider(name=name, ways=(), keys=keys, price_provider=name, auth=auth)


def secrets_of(*providers: Provider) -> ProviderSecrets:
    return ProviderSecrets({provider.name: provider for provider in providers})


def made(length: int, seed: int) -> str:
    return "".join(random.Random(seed).choices(LETTERS, k=length))


@pytest.mark.parametrize("length", [16, 17, 23, 24, 31, 32, 33, 39, 40, 48, 51, 108, 164])
def test_a_secret_is_found_at_every_place_of_a_body(length: int) -> None:
    secret = made(length, length)
    found = secrets_of(provider("p", secret), provider("q", made(200, 1)))
    for before in range(70):
        for after in (0, 1, 7, 300):
            body = b"." * before + secret.encode() + b"," * after
            assert found.in_body(body) == [Owner("p", "k0", "v0")], (before, after)
            assert found.in_body(body.replace(secret.encode(), secret[:-1].encode())) == []
            assert found.in_body(body.replace(secret.encode(), secret[1:].encode())) == []


def test_every_owner_of_a_secret_is_named_and_of_several_secrets_all() -> None:
    shared, own = made(40, 1), made(40, 2)
    found = secrets_of(provider("p", shared, own), provider("q", shared))
    assert set(found.in_body(f"{own} {shared}".encode())) == {("p", "k0", "v0"), ("p", "k1", "v1"), ("q", "k0", "v0")}
    assert found.owners_of(shared.encode()) == [("p", "k0", "v0"), ("q", "k0", "v0")]
    assert found.owners_of(shared[:-1].encode()) == []


def test_what_may_stand_there_by_chance_is_not_looked_for() -> None:
    found = secrets_of(provider("p", "sandbox", "fifteen-letters", None))
    assert found.in_body(b"a sandbox of fifteen-letters") == []
    assert found.owners_of(b"fifteen-letters") == found.owners_of(b"") == []
    assert secrets_of().in_body(b"anything") == []


def test_a_secret_is_found_as_json_writes_it() -> None:
    secret = 'quoted-"\\"-' + made(30, 3)
    body = json.dumps({"content": f"my key is {secret}"}).encode()
    assert secrets_of(provider("p", secret)).in_body(body) == [("p", "k0", "v0")]


def test_of_aws_the_secret_is_looked_for_and_not_the_public_id() -> None:
    secret, token = made(40, 4), made(300, 5)
    found = secrets_of(provider("aws", f"AKIASANDBOX000000000:{secret}:{token}", auth="sigv4"))
    assert found.in_body(b"AKIASANDBOX000000000 is an id that may be shown") == []
    assert found.in_body(secret.encode()) == found.in_body(token.encode()) == [("aws", "k0", "v0")]


def test_of_google_a_service_account_is_known_by_its_private_key() -> None:
    account = TokenServer().service_account
    found = secrets_of(provider("vertex", account, auth="google"))
    assert found.in_body(json.dumps({"content": account}).encode()) == [("vertex", "k0", "v0")]
    assert found.in_body(json.dumps({"content": json.loads(account)["private_key"]}).encode()) != []
    assert found.in_body(json.loads(account)["client_email"].encode()) == []
    assert secrets_of(provider("vertex", "no json", auth="google")).in_body(b"no json") == []


def test_a_body_of_a_kilobyte_costs_microseconds_however_many_keys_there_are() -> None:
    """The promise is 2 µs; a busy machine is forgiven a factor of five."""
    many = secrets_of(*(provider(f"p{n}", "sk-proj-" + made(40, n)) for n in range(50)))
    text = "The quick brown fox jumps over the lazy dog, and asks what an sk-proj- key is. " * 13
    body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}).encode()[:1024]
    seconds = min(timeit.repeat(lambda: many.in_body(body), number=2000, repeat=5)) / 2000
    assert seconds < 10e-6


def test_a_body_that_is_made_to_be_slow_is_not() -> None:
    secret = made(40, 1)
    found = secrets_of(provider("p", secret))
    body = secret[:-1].encode() * (8 * 1024 * 1024 // 39)
    assert timeit.timeit(lambda: found.in_body(body), number=1) < 2.0
