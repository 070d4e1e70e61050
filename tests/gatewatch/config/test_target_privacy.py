from typing import Any

import pytest

from gatewatch.config.completion import complete
from gatewatch.config.models import Config
from gatewatch.config.problems import key_text
from gatewatch.config.target_privacy import privacy_problems, quirks_of


def found(privacy: str, *targets: str, **providers: dict[str, Any]) -> dict[str, str]:
    tree = {"providers": providers, "models": {"m": {"targets": list(targets), "privacy": privacy}}}
    config, missing = complete(Config.model_validate(tree))
    assert missing == []
    return {key_text(problem.path): str(problem) for problem in privacy_problems(config)}


def test_a_target_that_keeps_prompts_is_named_with_what_its_provider_does() -> None:
    said = found("zero_retention", "router/x", "openai/y", router={"preset": "openrouter"}, openai={"preset": "openai"})
    assert list(said) == ["models.m.targets[1]"]
    assert "openai/y, whose provider keeps prompts for 30 days unless a contract says otherwise" in str(said)
    assert "providers.openai.privacy: {zero_retention: contract}" in str(said)


def test_a_contract_that_the_operator_states_counts() -> None:
    openai = {"preset": "openai", "privacy": {"trains": "no", "retention_days": "0", "zero_retention": "contract"}}
    assert found("zero_retention", "openai/y", openai=openai) == {}


def test_a_provider_that_nobody_knows_has_to_be_spoken_for() -> None:
    own = {"dialect": "openai-chat", "base_url": "https://x.example/v1", "api_key": "none"}
    assert "does not say whether it trains" in str(found("no_training", "own/y", own=own))
    assert found("no_training", "own/y", own={**own, "privacy": {"trains": "no"}}) == {}


@pytest.mark.parametrize("privacy", ["no_training", "zero_retention"])
def test_a_server_of_ones_own_keeps_to_everything(privacy: str) -> None:
    assert found(privacy, "local/y", local={"preset": "ollama"}) == {}


def test_the_files_quirks_stand_over_the_presets() -> None:
    tree = {"providers": {"x": {"preset": "deepseek", "quirks": {"json_schema": "true", "refuses": ["user"]}}}}
    quirks = quirks_of(Config.model_validate(tree).providers["x"])
    assert (quirks.json_schema, quirks.refuses, quirks.reasoning_field) == (True, ("user",), "reasoning_content")
