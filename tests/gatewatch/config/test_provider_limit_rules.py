"""The limits of providers' keys, as rules and caps."""

from typing import Any

from gatewatch.config.limit_rules import rules_of
from gatewatch.config.models import Config
from gatewatch.config.provider_limit_rules import Cap, provider_caps
from gatewatch.limits.window import Window

TWO_KEYS = [
    {"name": "main", "key": "vault:a"},
    {"name": "spare", "key": "vault:b", "limits": {"rpm": 50, "models": {"gpt-5": {"rpm": 5}}}},
]


def config(**openai: Any) -> Config:
    return Config.model_validate({"providers": {"openai": {"preset": "openai"} | openai}})


def most(config: Config) -> dict[str, int]:
    return {rule.id: rule.most for rule in rules_of(config)}


def test_each_amount_of_the_only_key_is_a_rule_for_a_minute() -> None:
    found = rules_of(config(api_key="vault:a", limits={"rpm": 500, "tpm": 1000, "input_tpm": 700, "output_tpm": 300}))
    assert [(rule.id, rule.measure, rule.most) for rule in found] == [
        ("providers.openai.limits/requests/1m", "requests", 500),
        ("providers.openai.limits/tokens/1m", "tokens", 1000),
        ("providers.openai.limits/input_tokens/1m", "input_tokens", 700),
        ("providers.openai.limits/output_tokens/1m", "output_tokens", 300),
    ]
    assert {(rule.kind, rule.scope, rule.name, rule.window, rule.for_model) for rule in found} == {
        ("limit", "provider_key", "openai/vault:a", Window(seconds=60), None)
    }


def test_what_a_key_says_of_itself_wins_amount_by_amount() -> None:
    found = most(config(api_keys=TWO_KEYS, limits={"rpm": 500, "tpm": 1000, "models": {"gpt-5": {"rpm": 9, "tpm": 7}}}))
    assert found == {
        "providers.openai.api_keys.main/requests/1m": 500,
        "providers.openai.api_keys.main/tokens/1m": 1000,
        "providers.openai.api_keys.main.gpt-5/requests/1m": 9,
        "providers.openai.api_keys.main.gpt-5/tokens/1m": 7,
        "providers.openai.api_keys.spare/requests/1m": 50,
        "providers.openai.api_keys.spare/tokens/1m": 1000,
        "providers.openai.api_keys.spare.gpt-5/requests/1m": 5,
        "providers.openai.api_keys.spare.gpt-5/tokens/1m": 7,
    }


def test_amounts_of_a_model_are_for_that_model_alone() -> None:
    rules = rules_of(config(api_keys=TWO_KEYS))
    assert {rule.id: (rule.name, rule.for_model) for rule in rules} == {
        "providers.openai.api_keys.spare/requests/1m": ("openai/spare", None),
        "providers.openai.api_keys.spare.gpt-5/requests/1m": ("openai/spare", "gpt-5"),
    }


def test_calls_at_a_time_are_caps_and_no_rules() -> None:
    limits = {"concurrent": 20, "models": {"gpt-5": {"concurrent": 4}}}
    written = config(api_keys=TWO_KEYS[:1], limits=limits)
    assert list(provider_caps(written)) == [Cap("openai", "main", "", 20), Cap("openai", "main", "gpt-5", 4)]
    assert most(written) == {}


def test_without_limits_there_are_neither() -> None:
    assert rules_of(config(api_key="vault:a")) == ()
    assert list(provider_caps(config(api_key="vault:a"))) == []
