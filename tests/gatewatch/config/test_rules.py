from pathlib import Path

import pytest

from gatewatch.config.completion import complete
from gatewatch.config.models import Config
from gatewatch.config.problems import key_text
from gatewatch.config.rules import broken_rules, workers_problem

OPENAI = {"openai": {"preset": "openai"}}


def broken(**tree: object) -> dict[str, str]:
    """Key → what is said of it."""
    config, missing = complete(Config.model_validate(tree))
    assert missing == []
    return {key_text(problem.path): str(problem) for problem in broken_rules(config)}


@pytest.mark.parametrize("listen", ["0.0.0.0:4000", "[::]:4000", "10.0.0.5:4000", "gw.example.com:4000"])
def test_only_loopback_is_listened_on_without_tls_or_a_proxy(listen: str, tmp_path: Path) -> None:
    assert "in the clear" in broken(listen=listen)["listen"]
    assert broken(listen=listen, behind_proxy={"trusted": ["10.0.0.0/8"]}) == {}
    pem = tmp_path / "x.pem"
    pem.write_text("x")
    assert broken(listen=listen, tls={"cert": str(pem), "key": str(pem)}) == {}


def test_certificates_must_be_there(tmp_path: Path) -> None:
    absent = str(tmp_path / "absent.pem")
    assert set(broken(tls={"cert": absent, "key": absent})) == {"tls.cert", "tls.key"}


def test_a_control_address_needs_tls() -> None:
    assert "without tls" in broken(control={"listen": "127.0.0.1:4443"})["control.listen"]


def test_a_control_address_is_not_where_apps_call(tmp_path: Path) -> None:
    pem = tmp_path / "a.pem"
    pem.write_text("-")
    control = {"listen": "127.0.0.1:4443", "tls": {"cert": str(pem), "key": str(pem)}}
    assert broken(control=control) == {}
    assert "where apps call" in broken(listen="127.0.0.1:4443", control=control)["control.listen"]


def test_the_certificates_of_consoles_have_to_be_readable(tmp_path: Path) -> None:
    assert "can be read" in broken(control={"client_ca": str(tmp_path / "none.pem")})["control.client_ca"]


@pytest.mark.parametrize(
    ("store", "url", "said"),
    [
        ("control", "postgresql://db.example.com/gatewatch", None),
        ("control", "env:DATABASE_URL", None),
        ("limits", "rediss://cache.example.com", None),
        ("limits", "unix:///run/redis/redis.sock?db=2", None),
        ("limits", "unix://", "allowed: redis://HOST:PORT, unix:///PATH, or where"),
        ("control", "unix:///run/postgresql", "allowed: postgresql://"),
        ("limits", "unix://:hunter2@/run/redis.sock", "with a password in it"),
        ("control", "postgresql://u:hunter2@db/x", "with a password in it"),
        ("control", "redis://db", "allowed: postgresql://"),
        ("limits", "localhost:6379", "allowed: redis://"),
        ("ledger", "http://[", "no URL"),
    ],
)
def test_a_store_is_a_url_without_a_password(store: str, url: str, said: str | None) -> None:
    found = broken(stores={store: url})
    if said is None:
        assert found == {}
    else:
        assert said in found[f"stores.{store}"]
        assert "hunter2" not in str(found)


@pytest.mark.parametrize("dialect", ["openai-chat", "openai-responses", "anthropic-messages", "gemini"])
def test_every_dialect_may_be_asked_of_a_provider(dialect: str) -> None:
    assert broken(providers={"g": {"dialect": dialect, "base_url": "https://x.example", "api_key": "none"}}) == {}


def test_every_endpoint_is_looked_at() -> None:
    endpoints = [
        {"dialect": "openai-chat", "base_url": "https://x.example/v1"},
        {"dialect": "gemini", "base_url": "http://x.example"},
    ]
    found = broken(providers={"x": {"endpoints": endpoints, "api_key": "none"}})
    assert list(found) == ["providers.x.endpoints[1].base_url"]


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"key_header": "api-key"}, None),
        ({"key_header": "Authorization"}, None),
        ({"key_header": "a b"}, "key_header"),
        ({"key_header": "Host"}, "key_header"),
        ({"query": "api-version=2024-10-21"}, None),
        ({"query": "?api-version=1"}, "query"),
        ({"query": "a=b\r\nx: y"}, "query"),
        ({"query": "api-key=hunter2"}, "query"),
        ({"auth": "sigv4", "api_key": "env:X", "region": "eu-west-1"}, None),
        ({"auth": "sigv4", "api_key": "env:X"}, "region"),
        ({"quirks": {"opt_out": {"openai-chat": {"store": "false"}}}}, None),
        ({"quirks": {"opt_out": {"openai-chatt": {"store": "false"}}}}, "quirks.opt_out.openai-chatt"),
        ({"quirks": {"opt_out_headers": {"x-api-key": "hunter2"}}}, "quirks.opt_out_headers.x-api-key"),
    ],
)
def test_how_a_provider_is_asked_is_checked(said: dict[str, object], key: str | None) -> None:
    provider = {"dialect": "openai-chat", "base_url": "https://x.example/v1", "api_key": "none", **said}
    found = broken(providers={"x": provider})
    assert list(found) == ([f"providers.x.{key}"] if key else [])
    assert "hunter2" not in str(found)


@pytest.mark.parametrize("base_url", ["http://api.example.com", "https://127.1", "https://10.0.0.1", "https://vllm"])
def test_a_private_or_plain_address_needs_a_word(base_url: str) -> None:
    provider = {"dialect": "openai-chat", "base_url": base_url, "api_key": "none"}
    assert "allow_private: true" in broken(providers={"x": provider})["providers.x.base_url"]
    assert broken(providers={"x": {**provider, "allow_private": True}}) == {}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("OpenAI-Organization", "org-1", None),
        ("x-title", "Search é", "printable ASCII"),
        ("x-title", "a\r\nauthorization: x", "printable ASCII"),
        ("a b", "x", "letters, digits"),
        ("a\r\nb", "x", "letters, digits"),
        ("Host", "x", "sets itself"),
        ("Transfer-Encoding", "x", "sets itself"),
        ("Authorization", "x", "api_key: vault:NAME"),
        ("x-api-key", "x", "api_key: vault:NAME"),
        ("Cookie", "x", "api_key: vault:NAME"),
    ],
)
def test_headers_are_plain_and_never_credentials(name: str, value: str, said: str | None) -> None:
    found = broken(providers={"o": {"preset": "openai", "headers": {name: value}}})
    assert (not found) if said is None else said in str(found)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("address", "https://vault.example.com:8200", None),
        ("token", "file:/run/secrets/token", None),
        ("secret_id", "env:SECRET_ID", None),
        ("token", "anything-at-all", "no reference"),
        ("secret_id", "vault:it-is-not-open-yet", "no reference"),
        ("address", "https://user:canary/of:it@vault.example.com", "a secret"),
        ("path", "sk-proj-canary0123456789abcdef0123456789", "a secret"),
        ("sk-proj-canary0123456789abcdef0123456789", "x", "a secret"),
    ],
)
def test_a_vaults_options_hold_no_secrets(name: str, value: str, said: str | None) -> None:
    found = broken(vault_options={name: value})
    assert (not found) if said is None else said in str(found)
    assert "canary" not in str(found)
    assert "anything" not in str(found)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("openai/gpt-4o", None),
        ("openai/meta-llama/Llama-3", None),
        ("openia/gpt-4o", "did you mean openai?"),
        ("gpt-4o", "provider/model"),
        ("openai/", "provider/model"),
        ("openai/a b", "provider/model"),
    ],
)
def test_a_target_names_a_configured_provider(target: str, said: str | None) -> None:
    found = broken(providers=OPENAI, models={"bot": {"targets": [target]}})
    assert (not found) if said is None else said in found["models.bot.targets[0]"]


def test_a_target_stands_once() -> None:
    found = broken(providers=OPENAI, models={"bot": {"targets": ["openai/a", "openai/b", "openai/a"]}})
    assert list(found) == ["models.bot.targets[2]"]


def test_a_teams_models_exist() -> None:
    models = {"bot": {"targets": ["openai/a"]}}
    assert broken(providers=OPENAI, models=models, teams={"s": {"models": ["bot", "openai/gpt-4o"]}}) == {}
    found = broken(providers=OPENAI, models=models, teams={"s": {"models": ["bott"]}})
    assert "did you mean bot?" in found["teams.s.models[0]"]


@pytest.mark.parametrize("team", [{"limits": {"rpm": 5}}, {"budget": {"usd": "5"}}])
def test_workers_that_cannot_count_together_keep_no_limits(team: dict[str, object]) -> None:
    assert "stores.limits" in broken(workers=2, teams={"s": team})
    assert broken(workers=1, teams={"s": team}) == {}
    assert broken(workers=2, teams={"s": {}}) == {}
    assert broken(workers=2, teams={"s": team}, stores={"limits": "redis://localhost"}) == {}
    assert workers_problem(Config.model_validate({"teams": {"s": team}}), 2)
