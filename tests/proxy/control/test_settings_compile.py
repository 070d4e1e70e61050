import hashlib
import hmac
from pathlib import Path

import msgspec
import pytest

from gatewatch.config import ConfigError, Loaded, load
from gatewatch.errors import GatewatchError
from gatewatch.paths import Home
from proxy.control.settings_compile import compile_provider, compile_settings
from proxy.settings import Deadlines, ProviderKey, Settings, Target, Way

SECRETS = {
    "vault:aws": "AKIASANDBOX000000000:sandbox/secret+that/everybody/may/know00",
    "vault:aws-session": "ASIASANDBOX000000000:sandbox/secret+that/everybody/may/know00:IQoJ:b3==",
    "vault:aws-id": "AKIASANDBOX000000000:short",
    "vault:google": '{"type": "service_account", "client_email": "a@b", "private_key": "-", "token_uri": "https://x"}',
    "vault:google-user": '{"type": "authorized_user", "client_id": "x"}',
    "vault:openai": "sk-one",
    "env:ANTHROPIC_API_KEY": "sk-ant-two",
    "vault:limits": "rediss://:canary-of-the-store@store.internal/1",
    "none": None,
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def resolve(reference: str) -> str | None:
    if reference not in SECRETS:
        raise GatewatchError(f"there is nothing at {reference}", "put it there")
    return SECRETS[reference]


def loaded(home: Home, text: str) -> Loaded:
    home.config.write_text(text, encoding="utf-8")
    return load(home.config, {})


def compiled(home: Home, text: str) -> Settings:
    return compile_settings(loaded(home, text), home, "00" * 32, resolve)


def version(secret: str) -> str:
    return hmac.new(bytes(32), secret.encode(), hashlib.sha256).hexdigest()[:12]


def test_providers_carry_their_secret_and_are_named_by_their_reference(home: Home) -> None:
    settings = compiled(
        home,
        "providers:\n"
        "  openai: {preset: openai, api_key: vault:openai, headers: {OpenAI-Organization: org-1}}\n"
        "  local: {dialect: openai-chat, base_url: http://127.0.0.1:8000/v1/, api_key: none, allow_private: true}\n",
    )
    openai, local = settings.providers["openai"], settings.providers["local"]
    assert openai.keys == (ProviderKey(id="vault:openai", secret="sk-one", version=version("sk-one")),)
    assert openai.ways == (
        Way(dialect="openai-responses", base_url="https://api.openai.com/v1"),
        Way(dialect="openai-chat", base_url="https://api.openai.com/v1"),
    )
    assert openai.headers == {"openai-organization": "org-1"}
    assert openai.allow_private is False
    assert local.keys == (ProviderKey(id="none", secret=None),)
    assert (local.base_url, local.allow_private) == ("http://127.0.0.1:8000/v1", True)


def test_prices_follow_the_preset_else_the_name(home: Home) -> None:
    settings = compiled(
        home,
        "providers:\n"
        "  work: {preset: openai, api_key: vault:openai, base_url: https://proxy.example.com/v1}\n"
        "  mine: {dialect: openai-chat, base_url: https://mine.example.com/v1, api_key: none}\n",
    )
    assert settings.providers["work"].price_provider == "openai"
    assert settings.providers["mine"].price_provider == "mine"


def test_the_sandbox_gets_what_it_takes_for_a_key(home: Home) -> None:
    settings = compiled(home, "providers: {sandbox: {preset: sandbox}}")
    assert settings.providers["sandbox"].keys == (ProviderKey(id="none", secret="sandbox", version=version("sandbox")),)


def test_several_keys_keep_their_names_weights_and_whom_they_are_for(home: Home) -> None:
    keys = "[{name: a, key: vault:openai, weight: 2}, {name: b, key: env:ANTHROPIC_API_KEY, teams: [t], models: [m]}]"
    settings = compiled(
        home,
        f"providers: {{openai: {{preset: openai, api_keys: {keys}}}}}\n"
        "models: {m: {targets: [openai/gpt-4o]}}\nteams: {t: {}}\n",
    )
    assert settings.providers["openai"].keys == (
        ProviderKey(id="a", secret="sk-one", version=version("sk-one"), weight=2),
        ProviderKey(id="b", secret="sk-ant-two", version=version("sk-ant-two"), teams=("t",), routes=("m",)),
    )


def test_the_same_secret_is_the_same_version_wherever_it_comes_from(home: Home) -> None:
    one = compiled(home, "providers: {openai: {preset: openai, api_key: vault:openai}}")
    two = compiled(home, "providers: {openai: {preset: openai, api_keys: [{name: x, key: vault:openai}]}}")
    assert one.providers["openai"].keys[0].version == two.providers["openai"].keys[0].version != ""


def test_a_missing_key_of_several_is_named_with_its_place(home: Home) -> None:
    with pytest.raises(ConfigError) as refused:
        compiled(
            home,
            "providers: {openai: {preset: openai, api_keys: [{name: a, key: vault:openai}, {name: b, key: vault:x}]}}",
        )
    assert "providers.openai.api_keys[1].key: found there is nothing at vault:x" in refused.value.texts()[0]


def test_models_become_routes_with_their_own_deadlines(home: Home) -> None:
    text = """
providers: {openai: {preset: openai, api_key: vault:openai}, claude: {preset: anthropic}}
models:
  gpt: {targets: [openai/gpt-4o-mini]}
  bot: {targets: [claude/claude-sonnet-4-5, openai/meta/llama], deadlines: {total: 90s, connect: 1500ms}}
deadlines: {idle: 30s}
"""
    settings = compiled(home, text)
    bot = settings.routes["bot"]
    assert bot.targets == (
        Target(provider="claude", model="claude-sonnet-4-5"),
        Target(provider="openai", model="meta/llama"),
    )
    assert bot.deadlines == Deadlines(connect=1.5, first_byte=60.0, idle=30.0, total=90.0)
    assert settings.routes["gpt"].deadlines == settings.deadlines == Deadlines(idle=30.0)


def test_a_routes_version_changes_with_the_route_alone(home: Home) -> None:
    text = "providers: {openai: {preset: openai, api_key: vault:openai}}\nmodels: {a: {targets: [openai/x]}}\n"
    before, after = compiled(home, text), compiled(home, text + "workers: 2\n")
    assert before.config_version != after.config_version
    assert before.routes["a"].version == after.routes["a"].version != ""
    assert compiled(home, text.replace("openai/x", "openai/y")).routes["a"].version != before.routes["a"].version


def test_every_missing_key_is_named_at_once_with_its_line(home: Home) -> None:
    keys = {"a": "env:A", "b": "vault:openai", "c": "file:/c"}
    text = "providers:\n" + "".join(f"  {name}: {{preset: openai, api_key: {key}}}\n" for name, key in keys.items())
    with pytest.raises(ConfigError) as caught:
        compiled(home, text)
    assert [line.removeprefix(f"{home.config}:") for line in caught.value.texts()] == [
        "2: providers.a.api_key: found there is nothing at env:A; allowed: put it there",
        "4: providers.c.api_key: found there is nothing at file:/c; allowed: put it there",
    ]


@pytest.mark.parametrize("secret", ["sk-one\r\nx-evil: 1", "sk one", "schlüssel", "", "x" * 9000])
def test_a_secret_that_no_header_can_carry_is_refused_unseen(home: Home, secret: str) -> None:
    given = loaded(home, "providers: {openai: {preset: openai, api_key: vault:openai}}")
    with pytest.raises(ConfigError) as caught:
        compile_settings(given, home, "00", lambda _: secret)
    assert not secret or secret not in str(caught.value)


def test_the_rest_is_taken_over(home: Home, tmp_path: Path) -> None:
    pem = tmp_path / "x.pem"
    pem.write_text("x")
    settings = compiled(
        home,
        f"listen: 0.0.0.0:4000\nhosts: [GW.example.com]\ntls: {{cert: {pem}, key: {pem}}}\n"
        "behind_proxy: {trusted: [10.0.0.0/8]}\ncaps: {body: 1MiB, header_time: 500ms, connections: 7}\n",
    )
    assert settings.hosts == ("gw.example.com",)
    assert settings.tls == (str(pem), str(pem))
    assert settings.trusted_proxies == ("10.0.0.0/8",)
    assert settings.home == str(home.root)
    assert (settings.caps.body_bytes, settings.caps.header_seconds, settings.caps.connections) == (1048576, 0.5, 7)


def test_settings_travel_as_json(home: Home) -> None:
    settings = compiled(home, "providers: {openai: {preset: openai, api_key: vault:openai}}")
    assert msgspec.json.decode(msgspec.json.encode(settings), type=Settings) == settings


def test_azure_of_both_forms(home: Home) -> None:
    settings = compiled(
        home,
        "providers:\n"
        "  new: {preset: azure, base_url: https://r.openai.azure.com/openai/v1, api_key: vault:openai}\n"
        "  old:\n"
        "    preset: azure\n"
        "    base_url: https://r.openai.azure.com/openai/deployments/{model}\n"
        "    query: api-version=2024-10-21\n"
        "    api_key: vault:openai\n",
    )
    new, old = settings.providers["new"], settings.providers["old"]
    assert [way.dialect for way in new.ways] == ["openai-responses", "openai-chat"]
    assert old.ways == (Way(dialect="openai-chat", base_url="https://r.openai.azure.com/openai/deployments/{model}"),)
    assert (new.key_header, new.query, old.query) == ("api-key", "", "api-version=2024-10-21")


def test_what_the_file_says_of_quirks_stands_over_what_the_preset_says(home: Home) -> None:
    settings = compiled(
        home,
        "providers:\n"
        "  x:\n"
        "    preset: xai\n"
        "    api_key: vault:openai\n"
        "    quirks: {refuses: [seed], opt_out: {openai-chat: {store: false}}}\n",
    )
    quirks = settings.providers["x"].quirks
    assert (quirks.refuses, quirks.reports_cost) == (("seed",), "cost_in_usd_ticks")
    assert quirks.opt_out == {"openai-chat": {"store": False}}


def test_a_model_may_drop_parameters_and_ask_for_privacy(home: Home) -> None:
    text = """
providers: {router: {preset: openrouter, api_key: vault:openai}}
models:
  a: {targets: [router/x]}
  b: {targets: [router/x], drop_params: true, privacy: no_training}
  c: {targets: [router/x], privacy: zero_retention}
"""
    routes = compiled(home, text).routes
    said = [(route.drop_params, route.opt_out, route.zero_retention) for route in routes.values()]
    assert said == [(False, False, False), (True, True, False), (False, True, True)]


def test_a_new_provider_is_five_lines(home: Home) -> None:
    text = """
providers:
  in-house:
    dialect: openai-chat
    base_url: https://llm.example.com/v1
    api_key: vault:openai
"""
    provider = compiled(home, text).providers["in-house"]
    assert provider.ways == (Way(dialect="openai-chat", base_url="https://llm.example.com/v1"),)


@pytest.mark.parametrize(
    ("auth", "reference", "fits"),
    [
        ("sigv4", "vault:aws", True),
        ("sigv4", "vault:aws-session", True),
        ("sigv4", "vault:aws-id", False),
        ("sigv4", "vault:openai", False),
        ("sigv4", "none", True),
        ("google", "vault:google", True),
        ("google", "vault:openai", False),
        ("google", "vault:google-user", False),
        ("google", "none", True),
        ("key", "vault:openai", True),
        ("key", "vault:aws", False),
        ("key", "vault:google", False),
    ],
)
def test_a_secret_is_what_its_use_needs(
    home: Home, monkeypatch: pytest.MonkeyPatch, auth: str, reference: str, fits: bool
) -> None:
    monkeypatch.setattr("proxy.control.extras._NEEDED", {})
    said = f"auth: {auth}, api_key: {reference}, region: us-east-1"
    text = f"providers:\n  x: {{dialect: openai-chat, base_url: https://x.example/v1, {said}}}\n"
    if fits:
        assert compiled(home, text).providers["x"].auth == auth
        return
    with pytest.raises(ConfigError) as caught:
        compiled(home, text)
    assert "providers.x.api_key" in str(caught.value)
    assert SECRETS[reference] not in str(caught.value)


def test_one_provider_is_compiled_without_the_keys_of_the_others(home: Home) -> None:
    text = "providers: {openai: {preset: openai, api_key: vault:openai}, lost: {preset: openai, api_key: vault:lost}}"
    provider = compile_provider("openai", loaded(home, text), resolve)
    assert provider.keys == (ProviderKey(id="vault:openai", secret="sk-one"),)
    with pytest.raises(ConfigError, match="lost"):
        compile_provider("lost", loaded(home, text), resolve)


def test_who_has_no_key_of_bedrock_is_told_of_signatures(home: Home) -> None:
    text = "providers: {aws: {preset: bedrock, region: eu-west-1}}"
    with pytest.raises(ConfigError, match="put it there, or auth: sigv4 for AWS's own credentials"):
        compiled(home, text)


def test_the_limits_store_is_known_by_its_url_or_a_reference_to_it(home: Home) -> None:
    assert compiled(home, "").limits_url is None
    assert compiled(home, "stores: {limits: redis://store/2}").limits_url == "redis://store/2"
    settings = compiled(home, "stores: {limits: vault:limits, limits_away: allow}")
    assert settings.limits_url == SECRETS["vault:limits"]
    assert settings.limiting.when_away == "allow"
    assert "canary" not in repr(settings)


@pytest.mark.parametrize("reference", ["vault:openai", "vault:nowhere"])
def test_what_leads_to_no_url_of_a_store_is_a_problem_that_repeats_nothing(home: Home, reference: str) -> None:
    with pytest.raises(ConfigError, match=r"stores\.limits") as refused:
        compiled(home, f"stores: {{limits: {reference}}}")
    assert "sk-one" not in str(refused.value)
