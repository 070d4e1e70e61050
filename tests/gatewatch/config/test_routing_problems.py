"""What is wrong with where models lead is said before any call, with the target and what to do."""

from typing import Any

import pytest

from gatewatch.config.completion import complete
from gatewatch.config.models import Config
from gatewatch.config.problems import key_text
from gatewatch.config.routing_problems import routing_problems

OWN = {"dialect": "openai-chat", "base_url": "https://x.example/v1", "api_key": "none"}
PROVIDERS = {
    "eu": {**OWN, "region": "swedencentral", "data_class": "confidential"},
    "us": {**OWN, "region": "us-east-1", "data_class": "internal"},
    "bedrock": {"preset": "bedrock", "region": "eu-west-1", "api_key": "none", "data_class": "restricted"},
    "anywhere": OWN,
}


def problems(model: dict[str, Any] | None = None, **providers: dict[str, Any]) -> dict[str, str]:
    """Key → what is said of it."""
    models = {"bot": {"targets": ["eu/m"], **model}} if model is not None else {}
    tree = {"providers": PROVIDERS | providers, "models": models}
    config, missing = complete(Config.model_validate(tree))
    assert missing == []
    return {key_text(problem.path): str(problem) for problem in routing_problems(config)}


def test_a_sound_configuration_has_none() -> None:
    assert problems() == {}
    sound = {
        "targets": ["eu/a", "eu/b"],
        "strategy": "weight",
        "weights": {"eu/a": "9", "eu/c": "1"},
        "classes": {"code": ["eu/c", "eu/a"]},
        "region": "eu",
        "data_class": "confidential",
        "context_window": ["bedrock/eu.anthropic.claude-sonnet-4-5"],
        "last_resort": {"short_answer": {"target": "eu/small"}},
    }
    assert problems(sound) == {}


@pytest.mark.parametrize("strategy", ["order", "weight", "latency", "cost", "headroom"])
def test_any_strategy_is_fine_with_a_single_target(strategy: str) -> None:
    assert problems({"strategy": strategy}) == {}


@pytest.mark.parametrize(
    ("key", "where"),
    [
        ({"targets": ["{0}"]}, "models.bot.targets[0]"),
        ({"classes": {"code": ["eu/m", "{0}"]}}, "models.bot.classes.code[1]"),
        ({"context_window": ["{0}"]}, "models.bot.context_window[0]"),
        ({"last_resort": {"short_answer": {"target": "{0}"}}}, "models.bot.last_resort.short_answer.target"),
    ],
)
def test_every_target_anywhere_must_be_there_in_the_region_and_may_see_the_calls(
    key: dict[str, Any], where: str
) -> None:
    def said(target: str, **more: str) -> str:
        found = problems(_filled(key, target) | more)
        assert list(found) == [where]
        return found[where]

    assert "no provider 'nowhere'; allowed: a provider that stands under providers" in said("nowhere/m")
    assert "allowed: provider/model" in said("eu")
    told = said("us/m", region="eu")
    assert "us/m, whose provider lies in us-east-1" in told
    assert "providers.us.region" in told
    assert "anywhere/m, whose provider says no region" in said("anywhere/m", region="eu")
    told = said("us/m", data_class="confidential")
    assert "us/m, whose provider may see internal calls" in told
    assert "providers.us.data_class: confidential" in told
    assert "anywhere/m, whose provider may see public calls" in said("anywhere/m", data_class="internal")


def _filled(key: dict[str, Any], target: str) -> dict[str, Any]:
    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: fill(each) for name, each in value.items()}
        return [fill(each) for each in value] if isinstance(value, list) else value.format(target)

    filled: dict[str, Any] = fill(key)
    return filled


@pytest.mark.parametrize("model", ["global.anthropic.claude-sonnet-4-5", "us.anthropic.claude-sonnet-4-5"])
def test_a_name_that_leaves_the_providers_region_is_told_so(model: str) -> None:
    (said,) = problems({"targets": [f"bedrock/{model}"], "region": "eu"}).values()
    assert f"bedrock/{model}, which is answered in other regions too" in said


def test_a_region_that_is_none() -> None:
    (said,) = problems({"region": "global"}).values()
    assert "allowed: an area, as eu, us" in said


def test_each_target_once_in_each_list_and_no_list_is_empty() -> None:
    assert list(problems({"classes": {"code": ["eu/m", "eu/m"]}})) == ["models.bot.classes.code[1]"]
    assert list(problems({"classes": {"code": []}})) == ["models.bot.classes.code"]


def test_weights_are_of_the_models_own_targets() -> None:
    found = problems({"strategy": "weight", "targets": ["eu/big", "eu/small"], "weights": {"eu/smal": "2"}})
    assert "did you mean eu/small?" in found["models.bot.weights.eu/smal"]


def test_an_address_of_aws_says_where_it_is() -> None:
    address = "https://bedrock-runtime.us-east-1.amazonaws.com"
    claimed = {"dialect": "bedrock-converse", "base_url": address, "api_key": "none", "region": "eu-west-1"}
    (said,) = problems(aws=claimed).values()
    assert "eu-west-1, with an address in us-east-1" in said
    assert problems(aws={**claimed, "region": "us-east-1"}) == {}
