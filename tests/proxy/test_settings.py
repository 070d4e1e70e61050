"""What the control process says through a pipe is what a worker understands."""

import msgspec
import pytest

from proxy.settings import Caps, Deadlines, Provider, ProviderKey, Route, Settings, Target, Way

SETTINGS = Settings(
    config_version="abc",
    home="/somewhere",
    hosts=("localhost",),
    pepper="00" * 32,
    providers={
        "openai": Provider(
            name="openai",
            ways=(Way(dialect="openai-chat", base_url="https://api.example/v1"),),
            keys=(ProviderKey(id="k1", secret="not-shown"),),
            price_provider="openai",
        )
    },
    routes={
        "chat": Route(name="chat", targets=(Target(provider="openai", model="gpt-4o"),), deadlines=Deadlines(total=5.0))
    },
    deadlines=Deadlines(),
    caps=Caps(body_bytes=1000),
    tls=("cert.pem", "key.pem"),
)


def test_settings_survive_the_pipe() -> None:
    assert msgspec.json.decode(msgspec.json.encode(SETTINGS), type=Settings) == SETTINGS


def test_a_provider_is_named_after_its_best_way() -> None:
    first = Way(dialect="anthropic-messages", base_url="https://api.example")
    second = Way(dialect="openai-chat", base_url="https://api.example/v1")
    provider = Provider(name="p", ways=(first, second), keys=(), price_provider="p")
    assert (provider.dialect, provider.base_url) == ("anthropic-messages", "https://api.example")


def test_settings_are_never_changed_in_place() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        SETTINGS.config_version = "other"  # type: ignore[misc]


def test_a_setting_that_is_missing_is_an_error_not_a_default() -> None:
    with pytest.raises(msgspec.ValidationError, match="pepper"):
        msgspec.json.decode(b'{"config_version":"a","home":"h","hosts":[]}', type=Settings)
