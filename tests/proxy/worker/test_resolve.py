"""Where a bare model name leads, for a gateway with these providers."""

import msgspec
import pytest

from gatewatch.models.shelf import shelf
from proxy.settings import Deadlines, Provider, Route, Settings, Target, Way
from proxy.worker.resolve import REMEMBERED, Names, names_of

FIRST_PARTY = ("openai", "anthropic", "google", "mistral", "deepseek", "xai", "cohere", "perplexity", "qwen", "zai")


def settings(*providers: str) -> Settings:
    """Providers by preset, or `name=preset`."""
    made = {}
    for each in providers:
        name, _, preset = each.partition("=")
        way = Way(dialect="openai-chat", base_url="https://api.example/v1")
        made[name] = Provider(name=name, ways=(way,), keys=(), price_provider=preset or name)
    return Settings(config_version="1", home="/", hosts=(), pepper="", providers=made, routes={}, deadlines=Deadlines())


def leads_to(model: str, *providers: str) -> str | None:
    route = Names(settings(*providers)).route(model)
    if route is None:
        return None
    (target,) = route.targets
    assert route.name == f"{target.provider}/{target.model}"
    return route.name


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("claude-sonnet-4-5", "anthropic"),
        ("gpt-4o-mini", "openai"),
        ("text-embedding-3-small", "openai"),
        ("gemini-2.5-pro", "google"),
        ("mistral-large-latest", "mistral"),
        ("deepseek-v4-flash", "deepseek"),
        ("grok-4.3", "xai"),
        ("sonar-pro", "perplexity"),
        ("gpt-4o-2031-01-01", "openai"),
    ],
)
def test_a_bare_name_leads_to_its_vendor(model: str, provider: str) -> None:
    everything = ("openrouter", "azure", "vertex", "bedrock", *reversed(FIRST_PARTY))
    assert leads_to(model, *everything) == f"{provider}/{model}"


def test_at_least_three_hundred_names_need_no_configuration_but_their_vendors() -> None:
    names = Names(settings(*FIRST_PARTY))
    found = 0
    for provider in FIRST_PARTY:
        for model in shelf().current_names(provider):
            route = names.route(model)
            assert route is not None
            found += route.targets[0].provider == provider
    assert found >= 300


@pytest.mark.parametrize("model", ["nothing", "CHAT", "GPT-4o", "gpt-4o-maxi", "/gpt-4o", "openai/", "", "x" * 10_000])
def test_a_name_that_no_list_has_leads_nowhere(model: str) -> None:
    assert leads_to(model, *FIRST_PARTY) is None


def test_a_provider_that_is_named_is_taken_whatever_the_model_is() -> None:
    assert leads_to("openai/my-finetune/with/slashes", "openai") == "openai/my-finetune/with/slashes"
    assert leads_to("elsewhere/gpt-4o", "openai") is None


def test_a_cloud_stands_in_for_a_vendor_that_is_not_configured() -> None:
    assert leads_to("gpt-4o", "openrouter", "azure") == "azure/gpt-4o"
    assert leads_to("claude-opus-4-6", "openai", "vertex") == "vertex/claude-opus-4-6"


def test_an_aggregators_names_are_taken_as_they_are_and_last() -> None:
    assert leads_to("anthropic/claude-sonnet-4.5", "openrouter") == "openrouter/anthropic/claude-sonnet-4.5"
    assert leads_to("anthropic/claude-sonnet-4.5", "openrouter", "anthropic") == "anthropic/claude-sonnet-4.5"
    assert leads_to("claude-sonnet-4-5", "openrouter") is None, "it takes no such name"
    assert leads_to("gpt-4o", "sandbox", "openai") == "openai/gpt-4o"


def test_of_equals_the_first_in_the_configuration_is_taken() -> None:
    assert leads_to("gpt-4o", "second=openai", "first=openai") == "second/gpt-4o"
    assert leads_to("gpt-4o", "first=openai", "second=openai") == "first/gpt-4o"


def test_near_names_are_names_that_lead_somewhere() -> None:
    names = Names(settings("openai", "anthropic"))
    near = names.near("claude-sonet-4-5")
    assert near[0] == "claude-sonnet-4-5"
    assert all(names.route(name) for name in near)
    assert names.near("gemini-2.5-pro") == [], "nobody here takes that"


def test_a_mistyped_provider_or_a_short_route_is_found_too() -> None:
    names = Names(settings("openai", "mine=anthropic"))
    assert names.near("opnai/my-finetune")[0] == "openai/my-finetune"
    assert names.near("mime/claude-opus-4-6")[0] == "mine/claude-opus-4-6"
    routes = {
        "smart": Route(name="smart", targets=(Target(provider="mine", model="claude-opus-4-6"),), deadlines=Deadlines())
    }
    assert Names(msgspec.structs.replace(names.settings, routes=routes)).near("smrt") == ["smart"]


def test_hostile_names_do_not_pile_up() -> None:
    names = Names(settings("openai"))
    for n in range(REMEMBERED + 10):
        names.route(f"m{n}")
    assert len(names._routes) <= REMEMBERED
    assert names.route("gpt-4o") is names.route("gpt-4o")


def test_names_are_kept_as_long_as_the_settings_are() -> None:
    one, other = settings("openai"), settings("anthropic")
    assert names_of(one) is names_of(one)
    assert names_of(other).route("gpt-4o") is None
    assert names_of(one).route("gpt-4o") is not None
