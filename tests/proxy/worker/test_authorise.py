"""Which models a key may ask for, and where a name leads."""

import msgspec
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
        id="kid",
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


def test_a_bare_name_leads_to_the_provider_that_takes_it(settings: Settings) -> None:
    route = authorise(settings, key(), "gpt-4o")
    assert (route.name, route.targets[0].provider, route.targets[0].model) == ("openai/gpt-4o", "openai", "gpt-4o")


def refused(settings: Settings, model: str, *allowed: str) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        authorise(settings, key(models=allowed or None), model)
    return caught.value.status, caught.value.message


def test_a_key_for_one_name_of_a_model_does_not_reach_it_by_another(settings: Settings) -> None:
    assert refused(settings, "gpt-4o-mini", "chat")[0] == 403, "it is what the route leads to"
    assert refused(settings, "openai/gpt-4o-mini", "chat")[0] == 403
    assert refused(settings, "openai/gpt-4o", "gpt-4o")[0] == 403
    assert refused(settings, "chat", "openai/gpt-4o-mini")[0] == 403
    assert refused(settings, "gpt-4o", "gpt-4o-mini")[0] == 403


def test_a_bare_name_is_allowed_where_what_it_leads_to_is(settings: Settings) -> None:
    for allowed in ("openai/gpt-4o", "gpt-4o"):
        assert authorise(settings, key(models=(allowed,)), "gpt-4o").name == "openai/gpt-4o"


def test_a_name_that_was_allowed_at_its_vendor_does_not_go_to_an_aggregator(settings: Settings) -> None:
    router = msgspec.structs.replace(settings.providers["openai"], name="router", price_provider="openrouter")
    changed = msgspec.structs.replace(settings, providers={"router": router}, routes={})
    name = "anthropic/claude-sonnet-4.5"
    assert authorise(changed, key(), name).name == f"router/{name}"
    assert authorise(changed, key(models=(f"router/{name}",)), name).name == f"router/{name}"
    assert refused(changed, name, name)[0] == 403


def test_a_name_that_does_not_exist_is_told_names_near_it(settings: Settings) -> None:
    assert refused(settings, "gpt-4o-mni")[1].startswith(
        "The model 'gpt-4o-mni' does not exist here. Near it: gpt-4o-m"
    )
    assert refused(settings, "nothing")[1] == "The model 'nothing' does not exist here."


def test_a_key_with_a_list_is_told_no_name_that_it_may_not_use(settings: Settings) -> None:
    status, message = refused(settings, "gone-4o", "gone-4o", "gone-4oo", "openai/gone-4", "chat")
    assert (status, message) == (404, "The model 'gone-4o' does not exist here. Near it: openai/gone-4.")


UP = [
    "openai/..",
    "openai/.",
    "openai/a/../b",
    "openai/models/..",
    "openai/%2e%2E",
    "openai/..%2Fx",
    "openai/..\\x",
    "..",
]


@pytest.mark.parametrize("model", UP)
def test_a_name_that_leads_elsewhere_in_an_address_is_no_models(settings: Settings, model: str) -> None:
    """It stands in the path of some providers: `/openai/deployments/../chat/completions`, `/model/../converse`."""
    for who in (key(), key(models=(model,))):
        with pytest.raises(Refusal) as caught:
            authorise(settings, who, model)
        assert (caught.value.status, caught.value.code) == (404, "model_not_found")


@pytest.mark.parametrize("model", ["a.b", "...", "v1..2", "gpt-4.1.", ".hidden", "a/.b/c..", "50%"])
def test_dots_in_a_name_are_no_harm(settings: Settings, model: str) -> None:
    assert authorise(settings, key(), f"openai/{model}").targets[0].model == model
