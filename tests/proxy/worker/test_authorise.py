"""Which models a key may ask for, and where a name leads."""

import pytest

from gatewatch.control.records import KeyRecord
from gatewatch.keys.token import Kind
from gatewatch.paths import Home
from proxy.refusal import Refusal
from proxy.settings import Caps, Deadlines, Settings
from proxy.worker.authorise import authorise, visible_models
from tests.kit.worker_process import settings_for


def key(models: tuple[str, ...] | None = None, kind: Kind = "client") -> KeyRecord:
    return KeyRecord(
        kid="kid",
        name="app",
        kind=kind,
        team="search",
        project=None,
        environment="live",
        models=models,
        created_at=1,
        created_by="test",
    )


@pytest.fixture
def settings(home: Home) -> Settings:
    return settings_for(home, "http://127.0.0.1:9/v1", Caps(), Deadlines())


def test_a_route_is_found_by_its_name(settings: Settings) -> None:
    route = authorise(settings, key(), "chat")
    assert (route.name, route.targets[0].model) == ("chat", "gpt-4o-mini")


def test_a_model_of_a_configured_provider_needs_no_route(settings: Settings) -> None:
    route = authorise(settings, key(), "openai/gpt-4o/with/slashes")
    assert (route.targets[0].provider, route.targets[0].model) == ("openai", "gpt-4o/with/slashes")


@pytest.mark.parametrize(
    "model", ["nothing", "openai/", "/gpt-4o", "elsewhere/gpt-4o", "http://evil/v1/gpt-4o", "CHAT"]
)
def test_any_other_name_is_not_found(settings: Settings, model: str) -> None:
    with pytest.raises(Refusal) as refused:
        authorise(settings, key(), model)
    assert (refused.value.status, refused.value.code) == (404, "model_not_found")


def test_a_key_with_a_list_gets_what_stands_on_it_and_nothing_else(settings: Settings) -> None:
    limited = key(models=("openai/gpt-4o-mini",))
    assert authorise(settings, limited, "openai/gpt-4o-mini").targets[0].model == "gpt-4o-mini"
    for model in ("chat", "openai/gpt-4o", "nothing"):
        with pytest.raises(Refusal) as refused:
            authorise(settings, limited, model)
        assert (refused.value.status, refused.value.code) == (403, "model_not_allowed")
    assert visible_models(settings, limited) == []
    assert visible_models(settings, key()) == ["chat"]


def test_an_admin_key_makes_no_calls(settings: Settings) -> None:
    with pytest.raises(Refusal) as refused:
        authorise(settings, key(kind="admin"), "chat")
    assert (refused.value.status, refused.value.type) == (403, "permission_error")
