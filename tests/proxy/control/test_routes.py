"""CVE-2026-35029, CVE-2026-47101: a route without a role check. Here every route of the control API and every action is
walked with everybody, against one table that was written by hand. What is added without a line in it fails.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gatewatch.actions.registry import actions
from gatewatch.authority.permissions import RoleName
from proxy.control.routes import ACTION, QUERY, ROUTES, route_of
from tests.kit.control_api import Control, control_api

ROLES: tuple[RoleName, ...] = ("user", "admin", "super-admin")

#                          socket: none user admin super │ all teams: user admin super │ one team: user admin super
TABLE = {
    "control.live":                 "- y y y   y y y   y y y",
    "control.metrics":              "- y y y   y y y   - - -",
    "control.query":                "- y y y   y y y   y y y",
    "control.check":                "- y y y   y y y   - - -",
    "control.snapshot":             "- - - y   - - -   - - -",
    "alerts.ack":                   "- - y y   - y y   - - -",
    "alerts.list":                  "- y y y   y y y   - - -",
    "alerts.show":                  "- y y y   y y y   - - -",
    "alerts.silence":               "- - y y   - y y   - - -",
    "alerts.silences":              "- y y y   y y y   - - -",
    "alerts.test":                  "- - y y   - y y   - - -",
    "alerts.unsilence":             "- - y y   - y y   - - -",
    "alerts.watched":               "- y y y   y y y   - - -",
    "audit.accept":                 "- - - y   - - y   - - -",
    "audit.export":                 "- - - y   - - y   - - -",
    "audit.list":                   "- - y y   - y y   - y y",
    "audit.verify":                 "- - - y   - - y   - - -",
    "budgets.grant":                "- - y y   - y y   - - -",
    "budgets.list":                 "- y y y   y y y   y y y",
    "budgets.remove":               "- - y y   - y y   - y y",
    "budgets.set":                  "- - y y   - y y   - y y",
    "budgets.verify":               "- y y y   y y y   - - -",
    "cache.invalidate":             "- - y y   - y y   - - -",
    "cache.stats":                  "- y y y   y y y   - - -",
    "configuration.explain":        "- y y y   y y y   - - -",
    "bodies.read":                  "- - - y   - - y   - - -",
    "deferred.cancel":              "- - y y   - y y   - y y",
    "deferred.list":                "- y y y   y y y   y y y",
    "deferred.show":                "- y y y   y y y   y y y",
    "keys.affected":                "- y y y   y y y   y y y",
    "keys.create":                  "- - y y   - y y   - y y",
    "keys.edit":                    "- - y y   - y y   - y y",
    "keys.end_grace":               "- - y y   - y y   - y y",
    "keys.export":                  "- y y y   y y y   y y y",
    "keys.found":                   "- y y y   y y y   y y y",
    "keys.identify":                "- y y y   y y y   y y y",
    "keys.import":                  "- - y y   - y y   - y y",
    "keys.list":                    "- y y y   y y y   y y y",
    "keys.revoke":                  "- - y y   - y y   - y y",
    "keys.rotate":                  "- - y y   - y y   - y y",
    "keys.show":                    "- y y y   y y y   y y y",
    "limits.list":                  "- y y y   y y y   y y y",
    "limits.remove":                "- - y y   - y y   - y y",
    "limits.set":                   "- - y y   - y y   - y y",
    "prices.own":                   "- y y y   y y y   y y y",
    "prices.set":                   "- - - y   - - y   - - -",
    "providers.quarantine.lift":    "- - y y   - y y   - - -",
    "providers.quarantine.list":    "- y y y   y y y   - - -",
    "providers.rotate_key":         "- - - y   - - y   - - -",
    "providers.rotation":           "- y y y   y y y   - - -",
    "providers.rotation.abandon":   "- - - y   - - y   - - -",
    "providers.rotation.cancel":    "- - - y   - - y   - - -",
    "providers.rotation.outlook":   "- y y y   y y y   - - -",
    "providers.rotation.resume":    "- - - y   - - y   - - -",
    "providers.rotations":          "- y y y   y y y   - - -",
    "providers.set_key":            "- - - y   - - y   - - -",
    "roles.list":                   "- - y y   - y y   - - -",
    "roles.set":                    "- - - y   - - y   - - -",
    "routes.canary":                "- - y y   - y y   - - -",
    "routes.diff":                  "- y y y   y y y   - - -",
    "routes.drain":                 "- - y y   - y y   - - -",
    "routes.lift_canary":           "- - y y   - y y   - - -",
    "routes.lift_rollback":         "- - y y   - y y   - - -",
    "routes.list":                  "- y y y   y y y   - - -",
    "routes.restore":               "- - y y   - y y   - - -",
    "routes.rollback":              "- - y y   - y y   - - -",
    "routes.show":                  "- y y y   y y y   - - -",
    "routes.targets":               "- y y y   y y y   - - -",
    "routes.undrain":               "- - y y   - y y   - - -",
    "routes.versions":              "- y y y   y y y   - - -",
    "teams.create":                 "- - y y   - y y   - - -",
    "teams.list":                   "- y y y   y y y   y y y",
    "teams.show":                   "- y y y   y y y   y y y",
    "vault.show":                   "- - - y   - - y   - - -",
}  # fmt: skip
"""y: may ask; -: is refused with 403. A client key gets 403 and nothing 401, everywhere."""

WHO = [
    *(f"socket {role}" for role in ("none", *ROLES)),
    *(f"all teams {role}" for role in ROLES),
    *(f"one team {role}" for role in ROLES),
]


@pytest.fixture
async def control(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Control]:
    monkeypatch.setattr("proxy.control.failed_tries.MOST", 10_000)
    async with control_api(tmp_path) as made:
        yield made


def asked(name: str) -> tuple[str, str]:
    """Method and path of a line of the table."""
    if name in actions():
        return ACTION.method, ACTION.path + name
    (route,) = (route for route in ROUTES if route.name == name)
    return route.method, route.path + "overview" if route is QUERY else route.path


def test_every_route_and_every_action_has_a_line() -> None:
    assert set(TABLE) == {route.name for route in ROUTES if route is not ACTION} | set(actions())


async def test_everybody_asks_for_everything(control: Control) -> None:
    keys = {f"all teams {role}": control.key(role, kind="admin", role=role, all_teams=True) for role in ROLES}
    keys |= {f"one team {role}": control.key(f"{role}1", kind="admin", role=role, all_teams=False) for role in ROLES}
    client = control.key("app")
    wrong = []
    for name, line in TABLE.items():
        method, path = asked(name)
        body: dict[str, str] | None = {} if method == "POST" else None
        for who, verdict in zip(WHO, line.split(), strict=True):
            if who.startswith("socket "):
                control.login_role = next(role for role in ("none", *ROLES) if who == f"socket {role}")
                status = (await control.ask_here(method, path, body)).status_code
            else:
                status = (await control.ask(keys[who], method, path, body)).status_code
            if (status == 403) != (verdict == "-") or status in (401, 404, 421, 429):
                wrong.append(f"{who} at {name}: {status}, but the table says {verdict}")
        for nobody, secret, expected in (("client key", client, 403), ("no key", None, 401)):
            status = (await control.ask(secret, method, path, body)).status_code
            if status != expected:
                wrong.append(f"{nobody} at {name}: {status}")
    assert not wrong, "\n".join(wrong)


async def test_a_refused_change_is_in_the_audit_trail_every_time(control: Control) -> None:
    user = control.key("user", kind="admin", role="user", all_teams=True)
    changing = [name for name, action in actions().items() if action.changes and name != "keys.found"]
    for name in [*changing, *changing]:
        assert (await control.ask(user, "POST", f"/v1/actions/{name}", {"key": "x", "name": "x"})).status_code == 403
    refused = [entry for entry in control.audit() if entry.result == "denied"]
    assert [entry.action for entry in refused] == [*changing, *changing]
    assert {(entry.role, entry.source) for entry in refused} == {("user", "127.0.0.1")}
    assert all(entry.actor.startswith("key:") and entry.request_id for entry in refused)


async def test_a_refused_look_is_noted_once_a_minute(control: Control) -> None:
    control.login_role = "none"
    for _ in range(5):
        assert (await control.ask_here("GET", "/v1/live")).status_code == 403
        assert (await control.ask_here("POST", "/v1/actions/keys.list", {})).status_code == 403
    noted = [entry.action for entry in control.audit() if entry.result == "denied"]
    assert noted == ["control.live", "keys.list"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("POST", "/v1/live"), ("GET", "/v1/live/"), ("GET", "/v1/query/overview"), ("POST", "/v1/query/"),
        ("POST", "/v1/query/a/b"), ("PUT", "/v1/actions/keys.list"), ("POST", "/v1/actions/"), ("POST", "/V1/live"),
        ("POST", "/v1/actions/keys.list/x"), ("GET", "/v1/ledger/snapshot"), ("DELETE", "/v1/live"),
        ("HEAD", "/v1/live"), ("OPTIONS", "/v1/live"), ("POST", "/config/update"),
    ],
)  # fmt: skip
def test_what_is_not_in_the_table_is_no_route(method: str, path: str) -> None:
    assert route_of(method, path) is None


async def test_a_super_admin_finds_nothing_that_is_not_in_the_table(control: Control) -> None:
    boss = control.key("boss", kind="admin")
    for method, path in (("POST", "/config/update"), ("GET", "/v1/keys"), ("POST", "/v1/actions/keys.grant")):
        assert (await control.ask(boss, method, path, {})).status_code == 404
        assert (await control.ask(None, method, path, {})).status_code == 401
