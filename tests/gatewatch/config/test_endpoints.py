import pytest

from gatewatch.config.endpoints import endpoints_of
from gatewatch.config.models import Provider
from gatewatch.config.problems import Problem, key_text
from gatewatch.providers.catalogue import presets


def ways(**said: object) -> tuple[list[tuple[str, str]], list[str]]:
    """Dialects and addresses, and the keys that are complained about."""
    provider = Provider.model_validate(said)
    problems: list[Problem] = []
    preset = presets()[provider.preset] if provider.preset else None
    found = endpoints_of(("providers", "x"), provider, preset, problems)
    return [(way.dialect, way.base_url) for way in found], [key_text(problem.path[2:]) for problem in problems]


def test_a_dialect_that_is_named_is_the_only_one() -> None:
    assert ways(preset="openai", dialect="openai-chat") == ([("openai-chat", "https://api.openai.com/v1")], [])


def test_a_base_url_stands_for_the_addresses_that_equal_the_best_one() -> None:
    url = "https://proxy.example/v1"
    assert ways(preset="openai", base_url=url) == ([("openai-responses", url), ("openai-chat", url)], [])
    assert ways(preset="deepseek", base_url=url) == ([("openai-chat", url)], [])
    assert ways(preset="anthropic", base_url="https://p.example") == ([("anthropic-messages", "https://p.example")], [])


@pytest.mark.parametrize(
    ("preset", "base_url", "dialect"),
    [
        ("deepseek", "https://proxy.example/anthropic", "anthropic-messages"),
        ("google", "https://proxy.example/v1beta/openai", "openai-chat"),
        ("vertex", "https://a.example/v1/projects/p/locations/l/endpoints/openapi", "openai-chat"),
        ("vertex", "https://a.example/v1/projects/p/locations/l/publishers/google", "gemini"),
    ],
)
def test_an_address_that_names_another_of_its_apis_is_that_one(preset: str, base_url: str, dialect: str) -> None:
    assert ways(preset=preset, base_url=base_url) == ([(dialect, base_url)], [])


def test_a_deployment_in_the_path_serves_chat_completions() -> None:
    url = "https://r.openai.azure.com/openai/deployments/{model}"
    assert ways(preset="azure", base_url=url) == ([("openai-chat", url)], [])


def test_a_region_chooses_among_the_addresses() -> None:
    assert ways(preset="qwen", region="us")[0] == [
        ("openai-chat", "https://dashscope-us.aliyuncs.com/compatible-mode/v1")
    ]
    assert ways(preset="qwen", region="mars") == ([], ["region"])
    assert ways(preset="vertex", region="global", project="p")[0][0][1].startswith("https://aiplatform.googleapis.com/")


def test_several_can_be_written() -> None:
    both = [
        {"dialect": "anthropic-messages", "base_url": "https://x.example"},
        {"dialect": "openai-chat", "base_url": "https://x.example/v1"},
    ]
    assert ways(endpoints=both)[0] == [
        ("anthropic-messages", "https://x.example"),
        ("openai-chat", "https://x.example/v1"),
    ]
    assert ways(endpoints=both, base_url="https://y.example")[1] == ["base_url"]


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ({}, ["dialect", "base_url"]),
        ({"base_url": "https://x.example/v1"}, ["dialect"]),
        ({"preset": "azure"}, ["base_url"]),
        ({"preset": "vertex", "region": "europe-west1"}, ["project"]),
        ({"preset": "bedrock"}, ["region"]),
        ({"preset": "mistral", "dialect": "gemini"}, ["base_url"]),
    ],
)
def test_what_nobody_says_is_asked_for(said: dict[str, str], missing: list[str]) -> None:
    assert ways(**said) == ([], missing)
