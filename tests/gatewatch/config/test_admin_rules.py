from typing import Any

import pytest

from gatewatch.config.admin_rules import admin_api, admin_problems
from gatewatch.config.models import Config

OPENAI = {"key": "vault:admin", "project": "proj_a", "service_account": "svc_acct_b"}


def config(**provider: Any) -> Config:
    return Config.model_validate({"providers": {"p": {"api_key": "vault:p", **provider}}})


def problems(**provider: Any) -> list[str]:
    return [".".join(map(str, problem.path)) for problem in admin_problems(config(**provider))]


def test_what_is_complete_is_right() -> None:
    assert problems(preset="openai", admin=OPENAI) == []
    assert problems(preset="openai", admin=OPENAI | {"expires": "90d", "scopes": ["model.request"]}) == []
    assert problems(preset="openrouter", admin={"key": "env:ADMIN", "workspace": "w"}) == []
    assert problems(preset="anthropic", admin={"key": "file:/a"}) == []
    assert problems(dialect="openai-chat", base_url="https://a.example/v1", admin=OPENAI | {"api": "openai"}) == []
    azure = {"key": "vault:a", "tenant": "t", "client": "c", "resource": "/subscriptions/s/accounts/a"}
    assert problems(dialect="openai-chat", base_url="https://a.example/v1", admin=azure | {"api": "azure"}) == []
    cloud = {"dialect": "openai-chat", "base_url": "https://a.example/v1"}
    bedrock = {"key": "vault:a", "user": "gateway", "days": 90, "api": "bedrock"}
    assert problems(**cloud, admin=bedrock) == []
    assert problems(preset="google", admin={"key": "vault:a", "project": "shop"}) == []
    assert problems(preset="openai") == []


def test_clouds_know_where_their_credentials_usually_are() -> None:
    assert problems(preset="google", admin={"key": "none", "project": "shop"}) == []
    assert problems(preset="bedrock", region="eu-west-1", admin={"key": "none", "user": "gateway"}) == []
    assert problems(preset="google", api_key="none", admin={"key": "none", "project": "shop"}) == []


@pytest.mark.parametrize(
    ("provider", "wrong"),
    [
        ({"preset": "openai", "admin": {"key": "vault:a"}}, ["project", "service_account"]),
        ({"preset": "mistral", "admin": {"key": "vault:a"}}, ["api"]),
        ({"preset": "anthropic", "admin": {"key": "none"}}, ["key"]),
        ({"preset": "google", "admin": {"key": "none", "days": 3}}, ["project", "days"]),
        ({"preset": "bedrock", "admin": {"key": "none"}}, ["user"]),
        ({"preset": "openrouter", "admin": {"key": "vault:a", "expires": "90d"}}, ["expires"]),
        ({"preset": "openai", "admin": OPENAI | {"days": 3}}, ["days"]),
        ({"preset": "anthropic", "admin": {"key": "vault:p"}}, ["key"]),
        ({"preset": "anthropic", "admin": {"key": "vault:a", "project": "proj_a"}}, ["project"]),
        ({"preset": "anthropic", "admin": {"key": "vault:a", "base_url": "http://example.com"}}, ["base_url"]),
    ],
)
def test_what_is_missing_or_too_much_is_named(provider: dict[str, Any], wrong: list[str]) -> None:
    assert problems(**provider) == [f"providers.p.admin.{name}" for name in wrong]


def test_whose_api_it_is_is_the_presets_unless_it_is_said() -> None:
    assert admin_api(config(preset="openrouter", admin={"key": "vault:a"}).providers["p"]) == "openrouter"
    assert (
        admin_api(config(preset="openai", admin={"key": "vault:a", "api": "openrouter"}).providers["p"]) == "openrouter"
    )
    assert admin_api(config(preset="groq", admin={"key": "vault:a"}).providers["p"]) is None
    assert admin_api(config(preset="openai").providers["p"]) is None
