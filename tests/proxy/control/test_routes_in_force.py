"""What everybody wants of the routes is put together, and handed out once when it changes."""

from typing import Any

import msgspec
import pytest

from proxy.control.routes_in_force import RoutesInForce
from proxy.routing import RouteOverride, Routing, Target
from proxy.settings import Deadlines, Route, Settings

CANARY = RouteOverride(kind="canary", id="canary:chat", route="chat", target="groq/llama", share=500)
SHIFT = RouteOverride(kind="shift", id="slo:openai", target="openai")


def route(version: str, **more: Any) -> Route:
    targets = (Target(provider="openai", model="gpt-4o"),)
    return Route(name="chat", targets=targets, deadlines=Deadlines(), version=version, **more)


def settings(version: str = "now", tries: int = 8) -> Settings:
    return Settings(
        config_version="c", home="/", hosts=(), pepper="", providers={}, deadlines=Deadlines(),
        routes={"chat": route(version)}, routing=Routing(tries=tries),
    )  # fmt: skip


class Workers:
    """What they are handed."""

    def __init__(self) -> None:
        self.pushed: list[Routing] = []
        self.configured: list[Settings] = []
        self.written = settings()
        self.routes = RoutesInForce(self.pushed.append, self.configure)

    def configure(self) -> None:
        self.configured.append(self.routes.configured(self.written))


@pytest.fixture
def workers() -> Workers:
    return Workers()


def test_every_source_has_its_say_and_takes_back_its_own_alone(workers: Workers) -> None:
    workers.configure()
    workers.routes.override("operators", (CANARY,))
    workers.routes.override("levels", (SHIFT,))
    assert workers.pushed[-1].overrides == (CANARY, SHIFT)
    workers.routes.override("operators", ())
    assert workers.pushed[-1].overrides == (SHIFT,)


def test_what_stays_as_it_is_is_not_handed_out_again(workers: Workers) -> None:
    workers.configure()
    for _ in range(2):
        workers.routes.override("operators", (CANARY,))
        workers.routes.roll_back({"chat": route("old")})
    assert (len(workers.pushed), len(workers.configured)) == (1, 2)


def test_before_there_is_a_configuration_nothing_is_handed_out_and_then_all_of_it(workers: Workers) -> None:
    workers.routes.override("operators", (CANARY,))
    workers.routes.roll_back({"chat": route("old")})
    assert (workers.pushed, workers.configured) == ([], [])
    workers.configure()
    assert workers.configured[0].routing == msgspec.structs.replace(workers.written.routing, overrides=(CANARY,))
    assert workers.configured[0].routes["chat"].version == "old"


def test_another_configuration_comes_with_what_is_over_it(workers: Workers) -> None:
    workers.configure()
    workers.routes.roll_back({"chat": route("old"), "gone": route("older")})
    workers.routes.override("operators", (CANARY,))
    workers.written = settings("newer", tries=3)
    workers.configure()
    assert (workers.configured[-1].routing.tries, workers.configured[-1].routing.overrides) == (3, (CANARY,))
    assert {name: each.version for name, each in workers.configured[-1].routes.items()} == {"chat": "old"}
    workers.routes.roll_back({})
    assert workers.configured[-1].routes["chat"].version == "newer"


def test_where_a_configuration_follows_nothing_is_pushed_before_it(workers: Workers) -> None:
    workers.configure()
    workers.routes.override("operators", (CANARY,), push=False)
    workers.routes.roll_back({"chat": route("old")}, push=False)
    assert (len(workers.pushed), len(workers.configured)) == (0, 1)
    workers.configure()
    assert workers.configured[-1].routing.overrides == (CANARY,)
    assert workers.configured[-1].routes["chat"].version == "old"
