import json
from pathlib import Path

import pytest

from gatewatch.config import Config, ConfigError, Loaded, load

# ARCHITECTURE.md §9, the contract
THE_CONTRACT = """
listen: 127.0.0.1:4000                    # tls: {cert, key}   hosts: [..]   behind_proxy: {trusted: [..]}
control: {listen: unix}                   # or {listen: 0.0.0.0:4443, tls: {cert, key}}
providers:
  openai:    {preset: openai, api_key: vault:openai}           # vault:NAME, env:NAME, file:PATH
  claude:    {preset: anthropic, api_key: env:ANTHROPIC_API_KEY, region: us}
  local:     {dialect: openai-chat, base_url: http://127.0.0.1:8000/v1, api_key: none, allow_private: true}
models:                                   # what apps ask for, and where it may go
  gpt-4o-mini: {targets: [openai/gpt-4o-mini]}
  support-bot: {strategy: order, targets: [claude/claude-sonnet-4-5, openai/gpt-5-mini], budget_step_down: true}
deadlines: {connect: 5s, first_byte: 60s, idle: 60s, total: 10m}     # a model may override them
teams:
  search: {budget: {usd: 500, period: month, soft: 80%}, limits: {rpm: 600, tpm: 2000000}, models: [support-bot]}
ledger: {bodies: off, retention: {calls: 400d, bodies: 14d}}
"""


@pytest.fixture
def written(tmp_path: Path) -> "Written":
    return Written(tmp_path / "gatewatch.yaml")


class Written:
    """A configuration file of a test."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, text: str) -> Loaded:
        self.path.write_text(text, encoding="utf-8")
        return load(self.path, {})

    def problems(self, text: str) -> list[str]:
        """What is said of it, without the file's name: `LINE: KEY: …`."""
        with pytest.raises(ConfigError) as caught:
            self.load(text)
        return [line.removeprefix(f"{self.path}:") for line in caught.value.texts()]


def test_the_contract_loads_and_says_what_is_not_enforced_yet(written: Written) -> None:
    loaded = written.load(THE_CONTRACT)
    assert str(loaded.config.listen) == "127.0.0.1:4000"
    assert loaded.config.deadlines.total == 600_000_000
    assert loaded.config.providers["openai"].ways[0].base_url == "https://api.openai.com/v1"
    assert str(loaded.config.teams["search"].budget) == (
        "usd=Decimal('500') period='month' zone='UTC' soft=Decimal('0.8')"
    )
    warned = [warning.removeprefix(f"{written.path}:").partition(": not")[0] for warning in loaded.warnings]
    assert warned == [
        "13: teams.search.models",
    ]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("gemini", "google"), ("Claude", "anthropic"), ("vertex_ai", "vertex"), ("azure-openai", "azure"), ("oai", None)],
)
def test_a_preset_is_found_by_what_others_call_it(written: Written, name: str, meant: str | None) -> None:
    (problem,) = written.problems(f"providers:\n  it: {{preset: {name}, api_key: none}}\n")
    assert (f"did you mean {meant}?" in problem) == (meant is not None)


def test_an_empty_file_is_all_defaults(written: Written) -> None:
    loaded = written.load("")
    assert loaded.config.hosts == ("localhost", "127.0.0.1", "[::1]")
    assert loaded.config.workers == 1
    assert loaded.warnings == (
        f"{written.path}: no provider is configured, so no call can be served: add one under providers",
    )


def test_every_mistake_is_named_at_once_with_its_line_and_key(written: Written) -> None:
    assert written.problems(
        "lisen: 127.0.0.1:4000\n"
        "workers: many\n"
        "providers:\n"
        "  openai: {preset: opnai, api_key: none, bas_url: x}\n"
        "models:\n"
        "  bot:\n"
        "    targets: openai/x\n"
        "deadlines: {total: 10 minutes}\n"
        "workers: 2\n"
    ) == [
        "1: lisen: found an unknown key; did you mean listen?",
        "2: workers: found 'many'; allowed: a whole number",
        "4: providers.openai.preset: found 'opnai'; allowed: openai, anthropic, google, vertex, azure, bedrock, "
        "mistral, deepseek, qwen, xai, groq, together, fireworks, cohere, perplexity, ollama, vllm, llamacpp, "
        "openrouter, crazyrouter, tokenmix, litellm, portkey, sandbox (did you mean openai?)",
        "4: providers.openai.bas_url: found an unknown key; did you mean base_url?",
        "7: models.bot.targets: found 'openai/x'; allowed: a list",
        "8: deadlines.total: found '10 minutes'; allowed: a number and a unit, as in 500ms, 5s, 10m, 24h, 400d",
        "9: workers: found this key again; allowed: it once: it already stands on line 2",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "providers: {x: {preset: openai, api_key: SECRET}}",
        "providers: {x: {preset: openai, api_key: 'env:SECRET'}}",
        "providers: {x: {preset: openai, api_key: [SECRET]}}",
        "providers: {x: {preset: openai, headers: {authorization: Bearer SECRET}}}",
        "providers: {x: {preset: openai, headers: {x-thing: {a: SECRET}}}}",
        "providers: {x: {preset: openai, base_url: 'https://user:SECRET@api.example.com'}}",
        "providers: {x: {preset: openai, base_url: 'https://api.example.com/?key=SECRET'}}",
        "providers: {x: {preset: openai, api_kee: SECRET}}",
        "stores: {control: 'postgresql://u:SECRET@db/x'}",
        "listen: SECRET",
        "api_key: SECRET\n  x: [",
        "models: {x: {targets: [SECRET]}}",
    ],
)
def test_an_error_never_repeats_a_secret(written: Written, text: str) -> None:
    secret = "sk-proj-4f9a8b7c6d5e4f3a2b1c0d"
    with pytest.raises(ConfigError) as caught:
        written.load(text.replace("SECRET", secret))
    assert secret[8:] not in f"{caught.value}{caught.value.problems!r}"


@pytest.mark.parametrize("text", ["hello", "- a\n- b\n", "5"])
def test_a_file_that_is_no_mapping_says_so(written: Written, text: str) -> None:
    (problem,) = written.problems(text)
    assert problem.endswith("; allowed: a mapping")


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file or directory"):
        load(tmp_path / "absent.yaml", {})
    with pytest.raises(ConfigError, match="is a directory"):
        load(tmp_path, {})
    broken = tmp_path / "latin1.yaml"
    broken.write_bytes(b"a: 1\nb: \xfc\n")
    with pytest.raises(ConfigError, match=r"latin1.yaml:2: .* not UTF-8"):
        load(broken, {})


def test_a_byte_order_mark_is_no_problem(written: Written) -> None:
    assert written.load("\ufeffworkers: 2").config.workers == 2


def test_an_address_for_several_dialects_is_remarked_on_once_where_it_stands(written: Written) -> None:
    loaded = written.load(
        "providers:\n"
        "  azure:\n"
        "    preset: azure\n"
        "    base_url: https://r.openai.azure.com\n"
        "    api_key: none\n"
        "  older: {preset: azure, api_key: none, base_url: 'https://r.openai.azure.com/openai/deployments/{model}'}\n"
    )
    address, query = loaded.warnings
    assert address.startswith(f"{written.path}:4: providers.azure.base_url: ")
    assert "https://r.openai.azure.com/openai/v1 is probably right" in address
    assert query.startswith(f"{written.path}:6: providers.older.query: ")


def test_without_a_file_the_usual_variables_configure_providers() -> None:
    loaded = load(None, {"OPENAI_API_KEY": "sk-x", "GOOGLE_API_KEY": "g", "MISTRAL_API_KEY": "", "HOME": "/root"})
    assert {name: provider.api_key for name, provider in loaded.config.providers.items()} == {
        "openai": "env:OPENAI_API_KEY",
        "google": "env:GOOGLE_API_KEY",
    }
    assert loaded.warnings == ()
    assert loaded.path is None
    assert "sk-x" not in f"{loaded!r}{loaded.text()}"


def test_without_a_file_and_without_keys_it_says_how_to_begin() -> None:
    (warning,) = load(None, {}).warnings
    assert "OPENAI_API_KEY" in warning


def test_what_is_shown_loads_to_the_same_configuration(written: Written) -> None:
    loaded = written.load(THE_CONTRACT)
    again = written.load(loaded.text())
    assert again.config == loaded.config
    assert again.version == loaded.version
    assert json.loads(json.dumps(loaded.tree())) == loaded.tree()


def test_the_version_follows_the_meaning_and_not_the_wording(written: Written) -> None:
    version = written.load("deadlines: {total: 10m}  # ten\nworkers: 2").version
    assert written.load("workers: 2\ndeadlines:\n  total: 600s\n").version == version
    assert written.load("workers: 3\ndeadlines: {total: 10m}").version != version
    assert len(version) == 12


def test_a_listening_address_without_its_host_names_is_warned_about(written: Written) -> None:
    text = "listen: 0.0.0.0:4000\nbehind_proxy: {trusted: [10.0.0.0/8]}\nproviders: {a: {preset: ollama}}\n"
    assert any("name your hosts" in warning for warning in written.load(text).warnings)
    assert not any("name your hosts" in warning for warning in written.load(text + "hosts: [gw.example.com]").warnings)


def test_more_workers_than_can_count_together_are_refused(written: Written) -> None:
    text = "teams: {search: {limits: {rpm: 5}}}\n"
    loaded = written.load(text)
    loaded.require(workers=1)
    with pytest.raises(
        ConfigError, match=r"stores\.limits: found nothing, with 2 workers and teams\.search\.limits/requests/1m"
    ):
        loaded.require(workers=2)
    assert written.problems(text + "workers: 2") != []
    written.load(text + "workers: 2\nstores: {limits: 'redis://localhost:6379'}\n").require(workers=8)


def test_a_misspelt_tier_is_a_mistake_of_the_file_however_many_workers_there_are(written: Written) -> None:
    with pytest.raises(ConfigError) as raised:
        written.load("workers: 4\ntiers: {gold: {requests: 9}}\nlimits:\n  a: {scope: key, tier: glod}\n")
    (said,) = raised.value.texts()
    assert said.endswith("yaml:4: limits.a.tier: found 'glod'; allowed: starter, standard, gold (did you mean gold?)")


def test_a_check_that_fails_itself_is_told_without_what_it_met(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Config) -> None:
        raise KeyError("sk-proj-" + "a1B2" * 12)

    monkeypatch.setattr("gatewatch.config.loading.broken_rules", fails)
    with pytest.raises(ConfigError) as raised:
        written.load("listen: 127.0.0.1:4000\n")
    assert "cannot be checked (KeyError" in str(raised.value)
    assert "a1B2" not in str(raised.value)


def test_a_configuration_does_not_change_under_its_reader(written: Written) -> None:
    config: Config = written.load("").config
    with pytest.raises(ValueError, match="frozen"):
        config.workers = 5  # type: ignore[misc]
