"""What a worker does about a provider's secret in what a caller sends: it tells, with names only."""

import asyncio

import msgspec
import pytest

from gatewatch.keys.leaks import ProviderLeak
from gatewatch.paths import Home
from proxy.settings import Caps, Deadlines, ProviderKey, Settings
from proxy.worker import provider_leaks
from proxy.worker.provider_leaks import WAITING, ProviderLeaks
from tests.kit.worker_process import settings_for

SECRET = "sk-proj-canary-of-a-provider-0123456789abcdef"


def settings(home: Home, secret: str = SECRET) -> Settings:
    base = settings_for(home, "http://127.0.0.1:9/v1", Caps(), Deadlines())
    (name, provider), *_ = base.providers.items()
    keys = (ProviderKey(id="main", secret=secret, version="0123456789ab"),)
    return msgspec.structs.replace(base, providers={name: msgspec.structs.replace(provider, name="openai", keys=keys)})


@pytest.fixture
def leaks(home: Home) -> ProviderLeaks:
    made = ProviderLeaks(asyncio.Event())
    made.configure(settings(home))
    return made


def body() -> bytes:
    return b'{"messages":[{"content":"' + SECRET.encode() + b'"}]}'


async def test_a_prompt_with_a_providers_key_is_told_once_and_served(leaks: ProviderLeaks) -> None:
    assert not leaks.in_body(body(), "a prompt of key abcd1234", "alert")
    assert not leaks.in_body(body(), "a prompt of key abcd1234", "alert")
    assert leaks._news.is_set()
    (found,) = leaks.take_found()
    assert found == ProviderLeak(
        provider="openai",
        key_id="main",
        version="0123456789ab",
        source="a prompt of key abcd1234",
        reaction="alert",
    )
    assert SECRET not in repr(found)
    assert leaks.take_found() == []


@pytest.mark.parametrize("reaction", ["refuse", "revoke"])
async def test_it_is_refused_where_that_is_asked_for_however_often(leaks: ProviderLeaks, reaction: str) -> None:
    assert [leaks.in_body(body(), "x", reaction) for _ in range(3)] == [True] * 3  # type: ignore[arg-type]
    assert len(leaks.take_found()) == 1


async def test_what_is_off_is_neither_told_nor_refused(leaks: ProviderLeaks) -> None:
    assert not leaks.in_body(body(), "x", "off")
    leaks.look_at_keys({b"x-api-key": SECRET.encode()}, "192.0.2.1", "off")
    assert leaks.take_found() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"authorization", f"Bearer {SECRET}"),
        (b"authorization", f"bearer   {SECRET} "),
        (b"authorization", SECRET),
        (b"x-api-key", SECRET),
        (b"api-key", SECRET),
        (b"x-goog-api-key", SECRET),
    ],
)
async def test_a_caller_that_comes_with_a_providers_key_is_told_of(
    leaks: ProviderLeaks, name: bytes, value: str
) -> None:
    leaks.look_at_keys({name: value.encode(), b"host": b"x"}, "192.0.2.1", "alert")
    assert [leak.source for leak in leaks.take_found()] == ["a request from 192.0.2.1, as its key"]
    leaks.look_at_keys({name: value[:-2].encode()}, "192.0.2.1", "alert")
    assert leaks.take_found() == []


async def test_a_new_secret_is_looked_for_and_the_old_one_no_longer(leaks: ProviderLeaks, home: Home) -> None:
    leaks.configure(settings(home, SECRET.replace("canary", "sparrow")))
    assert not leaks.in_body(body(), "x", "refuse")
    assert leaks.in_body(body().replace(b"canary", b"sparrow"), "x", "refuse")


async def test_nobody_fills_a_report_and_an_hour_later_it_is_told_again(
    leaks: ProviderLeaks, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(WAITING + 50):
        leaks.in_body(body(), f"place {place}", "alert")
    assert len(leaks.take_found()) == WAITING
    monkeypatch.setattr(provider_leaks, "TOLD_AGAIN_SECONDS", 0.0)
    leaks.in_body(body(), "place 1", "alert")
    assert len(leaks.take_found()) == 1
