"""Which targets have a level to keep to."""

from gatewatch.config.models import Config
from gatewatch.routing.service_level import Level
from proxy.control.level_compile import levels_of
from proxy.control.routes_compile import compile_route


def test_every_target_of_a_route_that_wants_it_has_its_level() -> None:
    targets = ["openai/gpt-5", "anthropic/claude"]
    config = Config.model_validate(
        {
            "providers": {name: {"preset": name} for name in ("openai", "anthropic")},
            "models": {
                "free": {"targets": targets},
                "chat": {"targets": targets, "slo": {"p95": "1500ms", "errors": "0.5%"}},
                "usual": {"targets": targets[:1], "slo": {}, "classes": {"code": ["anthropic/claude", "openai/gpt-5"]}},
            },
        }
    )
    routes = {name: compile_route(name, model) for name, model in config.models.items()}
    assert levels_of(config, routes) == (
        Level(route="chat", targets=("openai/gpt-5", "anthropic/claude"), p95=1_500_000, errors=5_000),
        Level(route="usual", targets=("openai/gpt-5", "anthropic/claude"), p95=2_500_000, errors=10_000),
    )
    assert levels_of(config, {}) == (), "a route that is not in force has none"
