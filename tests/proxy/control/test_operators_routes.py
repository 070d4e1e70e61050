"""What operators put over routes is in force at once, also where it was done beside the gateway; it ends by itself; and
what the configuration no longer allows is held back, in words.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatewatch.config.loading import load
from gatewatch.control.route_overrides import MadeOverride, RouteOverrides
from gatewatch.control.route_versions import RouteVersions, WrittenBy
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from proxy.control.alarms import Alarms
from proxy.control.operators_routes import OperatorsRoutes
from proxy.control.routes_in_force import RoutesInForce
from proxy.control.settings_compile import compile_settings
from proxy.control.versions_in_force import VersionsInForce
from proxy.routing import Routing
from proxy.settings import Route, Settings
from tests.kit.acting import MINUTE, Clock
from tests.kit.waiting import until

FILE = """
providers:
  openai: {dialect: openai-chat, base_url: "https://openai.example/v1", api_key: none, region: eu-west-1 }
  groq: {dialect: openai-chat, base_url: "https://groq.example/v1", api_key: none}
models:
  chat: {targets: [openai/gpt-4o]}
"""
LATER = FILE.replace("[openai/gpt-4o]", "[groq/llama, openai/gpt-4o]")


class Gateway:
    """A configuration, and what workers are handed."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "gatewatch.yaml"
        self.clock = Clock()
        self.store = ControlStore.open(folder / "control.db", actor="gateway", clock=self.clock)
        self.alarms = Alarms()
        self.pushed: list[Routing] = []
        self.handed: list[Settings] = []
        self.routes = RoutesInForce(self.pushed.append, self.hand_out)
        self.operators = OperatorsRoutes(
            self.store,
            self.routes,
            self.alarms,
            lambda: self.loaded.config,
            lambda: {name: route.version for name, route in self.settings.routes.items()},
        )
        self._versions = VersionsInForce(self.store)

    def take(self, text: str) -> str:
        """Another configuration; the version of its route."""
        self.file.write_text(text)
        self.loaded = load(self.file, {})
        self.settings = compile_settings(self.loaded, Home(self.file.parent), "00" * 32, lambda _: None)
        self.operators.configured()
        self.hand_out()
        self._versions.taken(self.loaded, self.settings)
        route = self.settings.routes.get("chat")
        return route.version if route else ""

    def hand_out(self) -> None:
        self.handed.append(self.routes.configured(self.settings))

    @property
    def route(self) -> Route:
        return self.handed[-1].routes["chat"]

    def put(self, **fields: Any) -> None:
        RouteOverrides(self.store).put(MadeOverride(**fields))
        self.operators.look()

    def alarm(self, id: str) -> tuple[str, str] | None:
        return next(((each.severity, each.text) for each in self.alarms.standing() if each.id == id), None)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    made = Gateway(tmp_path)
    yield made
    made.store.close()


CANARY: dict[str, Any] = {"id": "canary:chat", "kind": "canary", "route": "chat", "target": "groq/llama", "share": 500}


def rollback(to: str, instead_of: str) -> dict[str, Any]:
    return {"id": "rollback:chat", "kind": "rollback", "route": "chat", "version": to, "instead_of": instead_of}


def test_canaries_and_drains_are_handed_to_workers(gateway: Gateway) -> None:
    gateway.take(FILE)
    gateway.put(**CANARY | {"teams": ("search",)})
    gateway.put(id="drain:groq", kind="drain", target="groq")
    canary, drain = gateway.pushed[-1].overrides
    assert (canary.kind, canary.id, canary.route, canary.target) == ("canary", "canary:chat", "chat", "groq/llama")
    assert (canary.share, canary.teams) == (500, ("search",))
    assert (drain.kind, drain.id, drain.route, drain.target) == ("drain", "drain:groq", None, "groq")
    assert gateway.alarm("canary:chat") == (
        "info",
        "5% and all of search of the calls of chat go to groq/llama, by gateway."
        " `gatewatch routes canary chat --lift` ends it.",
    )
    RouteOverrides(gateway.store).lift("drain:groq")
    gateway.operators.look()
    assert [each.id for each in gateway.pushed[-1].overrides] == ["canary:chat"]
    assert gateway.alarm("drain:groq") is None


def test_a_canary_that_was_stopped_is_not_handed_out_and_warns(gateway: Gateway) -> None:
    gateway.take(FILE)
    gateway.put(**CANARY | {"share": 0, "halted": "half of 20 tries failed"})
    assert gateway.pushed == []
    severity, text = gateway.alarm("canary:chat") or ("", "")
    assert (severity, "half of 20 tries failed" in text) == ("warning", True)


def test_a_rollback_holds_over_a_reload_and_says_that_the_configuration_has_changed(gateway: Gateway) -> None:
    first, second = gateway.take(FILE), gateway.take(LATER)
    gateway.put(**rollback(first, second))
    assert (gateway.route.version, gateway.route.rolled_back) == (first, "rollback:chat")
    assert [each.name for each in gateway.route.targets] == ["openai/gpt-4o"]
    assert (gateway.alarm("rollback:chat") or ("",))[0] == "info"
    third = gateway.take(LATER.replace("llama", "llama-2"))
    assert gateway.route.version == first
    severity, text = gateway.alarm("rollback:chat") or ("", "")
    assert (severity, third in text) == ("warning", True)
    RouteOverrides(gateway.store).lift("rollback:chat")
    gateway.operators.look()
    assert (gateway.route.version, gateway.route.rolled_back) == (third, None)


def test_it_holds_over_a_restart(gateway: Gateway, tmp_path: Path) -> None:
    first, second = gateway.take(FILE), gateway.take(LATER)
    gateway.put(**rollback(first, second))
    again = Gateway(tmp_path)
    again.clock.now = gateway.clock.now
    again.take(LATER)
    assert again.route.version == first
    assert len(again.handed) == 1, "from the first configuration on"
    again.store.close()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (LATER.replace("openai:", "azure:").replace("openai/", "azure/"), "openai/gpt-4o: provider openai is not"),
        (
            LATER.replace("none}", "none, region: us-east-1}").replace("llama, openai/gpt-4o]", "llama], region: us"),
            "stay in us",
        ),
    ],
)
def test_a_rollback_that_the_configuration_no_longer_allows_is_held_back_until_it_does(
    gateway: Gateway, text: str, why: str
) -> None:
    first, second = gateway.take(FILE), gateway.take(LATER)
    gateway.put(**rollback(first, second))
    third = gateway.take(text)
    assert gateway.route.version == third
    severity, said = gateway.alarm("rollback:chat") or ("", "")
    assert severity == "warning"
    assert "Held back" in said
    assert why in said
    gateway.take(LATER)
    assert gateway.route.version == first


def test_a_version_whose_own_region_no_target_of_it_lies_in_any_more_is_held_back(gateway: Gateway) -> None:
    """Nobody asks for that region now: but its calls keep to it, and could go nowhere."""
    resident = FILE.replace("gpt-4o]", "gpt-4o], region: eu")
    first = gateway.take(resident)
    second = gateway.take(FILE.replace("eu-west-1", "us-east-1"))
    gateway.put(**rollback(first, second))
    assert gateway.route.version == second
    severity, said = gateway.alarm("rollback:chat") or ("", "")
    assert (severity, "stay in eu" in said) == ("warning", True)


def test_a_canary_is_held_back_where_the_route_is_kept_in_a_region_since(gateway: Gateway) -> None:
    gateway.take(FILE)
    gateway.put(**CANARY)
    gateway.take(FILE.replace("gpt-4o]", "gpt-4o], region: eu"))
    assert gateway.handed[-1].routing.overrides == ()
    assert "stay in eu" in (gateway.alarm("canary:chat") or ("", ""))[1]
    assert gateway.operators.held_back == {"canary:chat"}, "it takes no step"
    gateway.take(FILE)
    assert gateway.operators.held_back == set()


def test_what_is_put_over_a_route_that_is_gone_does_nothing_and_says_so(gateway: Gateway) -> None:
    gateway.take(FILE)
    gateway.put(**CANARY)
    gateway.take(FILE.replace("chat:", "talk:"))
    assert gateway.handed[-1].routing.overrides == ()
    assert "no longer has chat" in (gateway.alarm("canary:chat") or ("", ""))[1]


def test_a_version_that_is_not_known_any_more_is_not_put_in_force(gateway: Gateway) -> None:
    configured = gateway.take(FILE)
    gateway.put(**rollback("gone", configured))
    assert gateway.route.version == configured
    assert "not known any more" in (gateway.alarm("rollback:chat") or ("", ""))[1]
    broken = {"name": "chat", "version": "odd", "targets": []}
    RouteVersions(gateway.store).note({"chat": broken}, WrittenBy(config="c"))
    gateway.put(**rollback("odd", configured))
    assert "cannot be read" in (gateway.alarm("rollback:chat") or ("", ""))[1]
    assert gateway.route.version == configured


async def test_what_another_process_puts_is_taken_and_ends_when_its_time_is_over(
    gateway: Gateway, tmp_path: Path
) -> None:
    gateway.take(FILE)
    gateway.operators.look()
    watching = asyncio.create_task(gateway.operators.run())
    with ControlStore.open(tmp_path / "control.db", actor="ann", clock=gateway.clock) as other:
        RouteOverrides(other).put(MadeOverride(**CANARY | {"until": gateway.clock.now + MINUTE}))
    await until(lambda: gateway.pushed and gateway.pushed[-1].overrides)
    gateway.clock.now += MINUTE
    await until(lambda: not gateway.pushed[-1].overrides)
    newest = gateway.store.audit_entries()[0]
    assert (newest.action, newest.actor, newest.after) == (
        "route.canary_end", "gateway", {"why": "its time was over"},
    )  # fmt: skip
    assert gateway.alarm("canary:chat") is None
    watching.cancel()


async def test_other_changes_of_the_store_hand_out_nothing(gateway: Gateway, tmp_path: Path) -> None:
    gateway.take(FILE)
    gateway.put(**CANARY)
    with ControlStore.open(tmp_path / "control.db") as other:
        other.set_setting("colour", "blue")
    gateway.operators.look()
    assert (len(gateway.pushed), len(gateway.handed)) == (1, 1)


def test_a_store_that_cannot_be_read_keeps_no_configuration_from_being_taken(gateway: Gateway) -> None:
    gateway.take(FILE)
    gateway.store.connection.execute("ALTER TABLE route_overrides RENAME TO elsewhere")
    gateway.operators.configured()
