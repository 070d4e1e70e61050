import pytest

from gatewatch.config.completion import complete, from_environment
from gatewatch.config.models import Config


def config(**tree: object) -> Config:
    return Config.model_validate(tree)


def test_a_preset_brings_its_dialects_their_addresses_and_where_the_key_usually_is() -> None:
    done, problems = complete(config(providers={"gpt": {"preset": "openai"}}))
    gpt = done.providers["gpt"]
    assert problems == []
    assert [(way.dialect, way.base_url) for way in gpt.ways] == [
        ("openai-responses", "https://api.openai.com/v1"),
        ("openai-chat", "https://api.openai.com/v1"),
    ]
    assert (gpt.api_key, gpt.allow_private) == ("env:OPENAI_API_KEY", False)


@pytest.mark.parametrize(
    ("preset", "own", "imitated"),
    [
        ("anthropic", "https://api.anthropic.com", "https://api.anthropic.com/v1"),
        (
            "google",
            "https://generativelanguage.googleapis.com",
            "https://generativelanguage.googleapis.com/v1beta/openai",
        ),
    ],
)
def test_a_providers_imitation_of_another_is_spoken_only_where_it_is_named(
    preset: str, own: str, imitated: str
) -> None:
    done, _ = complete(config(providers={"a": {"preset": preset}, "b": {"preset": preset, "dialect": "openai-chat"}}))
    assert [way.base_url for way in done.providers["a"].ways] == [own]
    assert [way.base_url for way in done.providers["b"].ways] == [imitated]


def test_one_way_is_shown_as_dialect_and_base_url() -> None:
    mistral = complete(config(providers={"m": {"preset": "mistral"}}))[0].providers["m"]
    assert (mistral.dialect, mistral.base_url, mistral.endpoints) == ("openai-chat", "https://api.mistral.ai/v1", None)


@pytest.mark.parametrize("preset", ["openai", "mistral", "ollama", "deepseek"])
def test_what_was_completed_completes_to_itself(preset: str) -> None:
    done, _ = complete(config(providers={"x": {"preset": preset}}))
    again, problems = complete(Config.model_validate(done.model_dump(mode="json", exclude_none=True)))
    assert problems == []
    assert again.providers == done.providers


def test_google_cloud_needs_no_key_and_takes_a_service_account() -> None:
    cloud = {"preset": "vertex", "region": "europe-west4", "project": "p1"}
    done, problems = complete(config(providers={"a": cloud, "b": {**cloud, "api_key": "vault:account"}}))
    assert problems == []
    assert (done.providers["a"].auth, done.providers["a"].api_key) == ("google", "none")
    assert (done.providers["b"].auth, done.providers["b"].api_key) == ("google", "vault:account")


def test_aws_signatures_need_no_key() -> None:
    aws = {"preset": "bedrock", "region": "eu-west-1", "auth": "sigv4"}
    assert complete(config(providers={"a": aws}))[0].providers["a"].api_key == "none"


def test_the_region_of_signatures_is_that_of_the_address() -> None:
    said = {"dialect": "bedrock-converse", "base_url": "https://bedrock-runtime.eu-west-1.amazonaws.com"}
    signs, key = {**said, "auth": "sigv4"}, {**said, "api_key": "env:X"}
    done, _ = complete(config(providers={"a": signs, "b": {**signs, "region": "us-east-1"}, "c": key}))
    assert [done.providers[name].region for name in "abc"] == ["eu-west-1", "us-east-1", None]


def test_what_the_file_says_overrides_the_preset() -> None:
    said = {"preset": "openai", "base_url": "https://eu.api.openai.com/v1/", "api_key": "vault:eu"}
    openai = complete(config(providers={"openai": said}))[0].providers["openai"]
    assert {way.base_url for way in openai.ways} == {"https://eu.api.openai.com/v1"}
    assert openai.api_key == "vault:eu"


def test_a_local_servers_own_address_may_be_private_and_another_one_may_not() -> None:
    done, _ = complete(
        config(
            providers={
                "a": {"preset": "ollama"},
                "b": {"preset": "ollama", "base_url": "https://x.example", "api_key": "none"},
            }
        )
    )
    assert (done.providers["a"].allow_private, done.providers["a"].api_key) == (True, "none")
    assert done.providers["b"].allow_private is False


def test_the_region_becomes_part_of_the_address() -> None:
    done, problems = complete(config(providers={"aws": {"preset": "bedrock", "region": "eu-west-1"}}))
    assert problems == []
    assert [way.base_url for way in done.providers["aws"].ways] == ["https://bedrock-runtime.eu-west-1.amazonaws.com"]


@pytest.mark.parametrize(
    ("provider", "missing"),
    [
        ({}, ["dialect", "base_url", "api_key"]),
        ({"dialect": "openai-chat", "base_url": "https://x.example/v1"}, ["api_key"]),
        ({"dialect": "openai-chat", "api_key": "none"}, ["base_url"]),
        ({"preset": "bedrock"}, ["region"]),
        ({"preset": "azure"}, ["base_url"]),
        ({"preset": "vertex"}, ["region", "project"]),
        ({"preset": "mistral", "dialect": "gemini"}, ["base_url"]),
    ],
)
def test_what_nobody_says_is_a_problem(provider: dict[str, str], missing: list[str]) -> None:
    _, problems = complete(config(providers={"x": provider}))
    assert [problem.path for problem in problems] == [("providers", "x", key) for key in missing]


def test_a_models_deadlines_are_completed_from_the_common_ones() -> None:
    done, _ = complete(
        config(models={"bot": {"targets": ["a/b"], "deadlines": {"total": "2m"}}}, deadlines={"idle": "7s"})
    )
    deadlines = done.models["bot"].deadlines
    assert deadlines
    assert (deadlines.total, deadlines.idle, deadlines.connect) == (120_000_000, 7_000_000, 5_000_000)


@pytest.mark.parametrize(
    ("listen", "hosts"),
    [
        ("127.0.0.1:4000", ("localhost", "127.0.0.1", "[::1]")),
        ("0.0.0.0:4000", ("localhost", "127.0.0.1", "[::1]")),
        ("[::]:4000", ("localhost", "127.0.0.1", "[::1]")),
        ("10.0.0.5:4000", ("localhost", "127.0.0.1", "[::1]", "10.0.0.5")),
        ("[fd00::5]:4000", ("localhost", "127.0.0.1", "[::1]", "[fd00::5]")),
        ("gw.example.com:4000", ("localhost", "127.0.0.1", "[::1]", "gw.example.com")),
    ],
)
def test_hosts_are_loopback_names_and_the_host_that_is_listened_on(listen: str, hosts: tuple[str, ...]) -> None:
    assert complete(config(listen=listen))[0].hosts == hosts


def test_hosts_that_are_given_are_all_there_are() -> None:
    assert complete(config(hosts=["GW.example.com"]))[0].hosts == ("gw.example.com",)


def test_variables_that_are_set_become_providers() -> None:
    environ = {"GEMINI_API_KEY": "1", "GOOGLE_API_KEY": "2", "XAI_API_KEY": "3", "AZURE_OPENAI_API_KEY": "4"}
    environ |= {"AWS_BEARER_TOKEN_BEDROCK": "5", "GROQ_API_KEY": ""}
    assert from_environment(environ) == {
        "providers": {
            "google": {"preset": "google", "api_key": "env:GEMINI_API_KEY"},
            "xai": {"preset": "xai", "api_key": "env:XAI_API_KEY"},
        }
    }


def test_every_usual_variable_makes_a_complete_provider() -> None:
    names = (
        "OPENAI",
        "ANTHROPIC",
        "GEMINI",
        "MISTRAL",
        "DEEPSEEK",
        "GROQ",
        "XAI",
        "OPENROUTER",
        "TOGETHER",
        "FIREWORKS",
    )
    done, problems = complete(Config.model_validate(from_environment({f"{name}_API_KEY": "x" for name in names})))
    assert len(done.providers) == len(names)
    assert problems == []
