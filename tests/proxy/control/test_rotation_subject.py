from pathlib import Path
from typing import Any

import pytest

from gatewatch.config.loading import Loaded, load
from gatewatch.errors import GatewatchError, NotFound, UsageError
from proxy.control.minting.anthropic import AnthropicKeys
from proxy.control.minting.bedrock import BedrockKeys
from proxy.control.minting.google import GoogleKeys
from proxy.control.minting.openai import OpenAiKeys
from proxy.control.minting.openrouter import OpenRouterKeys
from proxy.control.rotation_subject import Subject, keys_of, longest_deadline, maker_for, parts_for, sharers, subject_of

FILE = """
deadlines: {total: 5m}
providers:
  openai:
    preset: openai
    api_key: vault:openai
    admin: {key: vault:admin, project: proj_a, service_account: svc_acct_b}
  router: {preset: openrouter, api_key: vault:openai, admin: {key: vault:admin}}
  claude: {preset: anthropic, api_key: vault:claude, admin: {key: vault:admin}}
  aws: {preset: bedrock, region: eu-west-1, api_key: vault:aws, admin: {key: vault:admin, user: gateway}}
  gemini: {preset: google, api_key: vault:gemini, admin: {key: vault:admin, project: shop}}
  mistral: {preset: mistral, api_key: env:MISTRAL_API_KEY}
  disk: {preset: mistral, api_key: "file:/etc/key"}
  local: {dialect: openai-chat, base_url: "http://127.0.0.1:1/v1", api_key: none, allow_private: true}
  many:
    preset: groq
    api_keys: [{name: a, key: vault:many-a}, {name: b, key: vault:many-b}]
models:
  chat: {targets: [openai/gpt-4o, openai/gpt-4o-mini], deadlines: {total: 20m}}
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    file = tmp_path / "g.yaml"
    file.write_text(FILE)
    return load(file, {})


def test_the_only_key_needs_no_name(loaded: Loaded) -> None:
    assert subject_of(loaded, "openai", None) == Subject("openai", "vault:openai", "openai")


def test_one_of_several_is_named(loaded: Loaded) -> None:
    assert subject_of(loaded, "many", "b") == Subject("many", "b", "many-b")
    with pytest.raises(UsageError, match="which key of many") as unclear:
        subject_of(loaded, "many", None)
    assert "a, b" in unclear.value.next_step


@pytest.mark.parametrize(("provider", "key"), [("nobody", None), ("many", "c"), ("openai", "vault:other")])
def test_what_is_not_configured_is_not_found(provider: str, key: str | None, loaded: Loaded) -> None:
    with pytest.raises(NotFound):
        subject_of(loaded, provider, key)


@pytest.mark.parametrize(
    ("provider", "step"),
    [("mistral", "change the variable"), ("disk", "replace the file"), ("local", "there is no key to rotate")],
)
def test_a_key_that_the_vault_does_not_keep_is_refused_with_the_next_step(
    provider: str, step: str, loaded: Loaded
) -> None:
    with pytest.raises(UsageError, match="is not in the vault") as refused:
        subject_of(loaded, provider, None)
    assert step in refused.value.next_step
    assert "vault:NAME" in refused.value.next_step


def test_who_else_uses_the_same_secret_is_told(loaded: Loaded) -> None:
    assert sharers(loaded.config, subject_of(loaded, "openai", None)) == ("router",)
    assert sharers(loaded.config, subject_of(loaded, "claude", None)) == ()


def test_each_provider_has_its_own_admin_api(loaded: Loaded) -> None:
    made: dict[str, Any] = {}
    for name in ("openai", "router", "claude", "aws", "gemini", "many"):
        made[name], by_hand = maker_for(name, loaded.config.providers[name], lambda _: "AKIASANDBOX000000000:secret")
        assert by_hand
    assert isinstance(made["openai"], OpenAiKeys)
    assert isinstance(made["router"], OpenRouterKeys)
    assert isinstance(made["claude"], AnthropicKeys)
    assert isinstance(made["aws"], BedrockKeys)
    assert isinstance(made["gemini"], GoogleKeys)
    assert made["many"] is None


def test_what_is_no_key_of_aws_is_told_without_it(loaded: Loaded) -> None:
    with pytest.raises(GatewatchError, match=r"the key of providers\.aws\.admin") as error:
        maker_for("aws", loaded.config.providers["aws"], lambda _: "canary-of-the-administrator")
    assert "canary" not in str(error.value)


def test_the_admin_key_is_looked_up_where_it_is_configured(loaded: Loaded) -> None:
    asked: list[str] = []

    def resolve(reference: str) -> str:
        asked.append(reference)
        return "secret"

    maker_for("openai", loaded.config.providers["openai"], resolve)
    maker_for("many", loaded.config.providers["many"], resolve)
    assert asked == ["vault:admin"]


async def test_a_key_that_cannot_be_sent_is_found_out_before_it_is_tried(loaded: Loaded, tmp_path: Path) -> None:
    from gatewatch.rotation.parts import ProbeFailed

    subject = subject_of(loaded, "openai", None)
    parts = parts_for(loaded, subject, tmp_path / "control.db", lambda _: "admin-secret", None)
    with pytest.raises(ProbeFailed) as failed:
        await parts.prober.probe("a key\nwith a line break")
    assert "line break" not in str(failed.value)


def test_a_call_takes_as_long_as_the_longest_deadline_says(loaded: Loaded) -> None:
    assert longest_deadline(loaded.config) == 20 * 60 * 1_000_000


def test_names_of_keys_lead_to_references(loaded: Loaded) -> None:
    assert keys_of(loaded.config, "many") == {"a": "vault:many-a", "b": "vault:many-b"}
    assert keys_of(loaded.config, "disk") == {"file:/etc/key": "file:/etc/key"}
