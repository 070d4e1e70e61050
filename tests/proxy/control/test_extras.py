import pytest

from gatewatch.config.models import Provider
from gatewatch.config.problems import Problem
from proxy.control import extras
from proxy.control.extras import missing_extras

CONVERSE = {"dialect": "bedrock-converse", "base_url": "https://bedrock-runtime.eu-west-1.amazonaws.com"}
CHAT = {"dialect": "openai-chat", "base_url": "https://x.example/v1"}


def problems(**said: object) -> list[Problem]:
    return list(missing_extras(("providers", "x"), Provider.model_validate(said)))


def test_what_is_not_installed_is_named_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_NEEDED", {"sigv4": (("json", "no_such_module"), "gatewatch[bedrock]")})
    (said,) = map(str, problems(**CHAT, auth="sigv4"))
    assert "pip install 'gatewatch[bedrock]'" in said
    assert "providers.x.auth" in said


def test_converse_with_a_key_of_bedrock_needs_nothing_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_NEEDED", {"sigv4": (("no_such_module",), "gatewatch[bedrock]")})
    assert problems(**CONVERSE) == []


def test_a_part_of_a_package_that_is_not_there_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_NEEDED", {"google": (("no_such_package.auth",), "gatewatch[vertex]")})
    assert "gatewatch[vertex]" in str(problems(**CHAT, auth="google"))


def test_what_is_installed_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_NEEDED", {"sigv4": (("json",), ""), "google": (("json.decoder", "json"), "")})
    assert problems(**CONVERSE, auth="sigv4") == problems(**CHAT, auth="google") == problems(**CHAT) == []


def test_what_an_admin_api_needs_is_asked_for_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_NEEDED", {"sigv4": (("no_such_module",), "gatewatch[bedrock]")})
    (said,) = map(str, problems(**CONVERSE, admin={"key": "none", "api": "bedrock", "user": "gateway"}))
    assert "providers.x.admin.api" in said
    assert "pip install 'gatewatch[bedrock]'" in said
