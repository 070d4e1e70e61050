"""A key of one team: nothing of another team is ever in an answer, whatever is asked, and nothing there is touched."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from gatewatch.actions.reach import WITHIN_ONE_TEAM
from gatewatch.actions.registry import actions
from gatewatch.authority.permissions import RoleName
from gatewatch.call import Call
from gatewatch.keys import token
from gatewatch.ledger.queries import OF_ONE_TEAM, QUERIES
from tests.kit.control_api import Control, control_api
from tests.kit.journals import NOW, a_call, segment, whole

HOUR = {"since": "2026-11-20T10:00:00Z", "until": "2026-11-20T11:00:00Z"}
OURS, THEIRS = 5, 7
HIDDEN = "zebra"
"""Stands in everything that is the other team's, and nowhere else."""


def theirs(n: int) -> Call:
    return a_call(
        100 + n,
        team=HIDDEN,
        key_id="zebrakey",
        key_name="zebra-key",
        user="zebra-user",
        project="zebra-project",
        customer="zebra-customer",
        model="zebra-model",
        provider="zebra-provider",
        provider_key="zebra-provider#1",
        requested_model="zebra-bot",
        route="zebra-route",
        source="10.0.0.7",
        client="zebra-client",
        error_kind="zebra_error" if n % 2 else None,
        error_message="zebra!" if n % 2 else None,
        status="error" if n % 2 else "ok",
        http_status=500 if n % 2 else 200,
        tags={"animal": "zebra"},
    )


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    made = Control(tmp_path)
    segment(made.home, *[whole(a_call(n)) for n in range(OURS)], *[whole(theirs(n)) for n in range(THEIRS)])
    made.key("app")
    made.key("zebra-key", HIDDEN, project="zebra-project", service="zebra-service")
    made.key("zebra-boss", kind="admin", role="super-admin")  # of this team, but for all teams
    async with control_api(tmp_path, clock=lambda: NOW, control=made) as serving:
        yield serving


@pytest.fixture
def key(control: Control) -> str:
    """A key of team search alone that may do everything there."""
    return control.key("lead", kind="admin", role="super-admin", all_teams=False)


WINDOWED = {"where": None} | HOUR
ASKED: dict[str, dict[str, Any]] = {
    "body_places": {"call_id": theirs(1).call_id},
    "budgets": {},
    "cache": WINDOWED,
    "call": {"call_id": theirs(1).call_id},
    "calls": {"limit": 500},
    "counted": {
        "rules": [
            {"id": "r", "kind": "limit", "scope": "team", "measure": "requests", "most": 1, "window": {"seconds": 7200}}
        ]
    },
    "errors": WINDOWED | {"by": "team"},
    "estimates": WINDOWED,
    "key_use": HOUR | {"keys": ["zebrakey"]},
    "keys_usage": WINDOWED,
    "lately": {"by": "provider", "tries": True, "window_us": 7_200_000_000},
    "latency": WINDOWED | {"by": "team"},
    "overview": WINDOWED,
    "retention": {},
    "route_tries": {"route": "zebra-route", "since_us": NOW - 7_200_000_000},
    "routes": WINDOWED,
    "series": WINDOWED,
    "service_levels": {
        "targets": [{"route": "zebra-route", "provider": "zebra-provider", "model": "zebra-model", "bound_us": 1}]
    },
    "spend": WINDOWED | {"by": "team"},
    "teams": WINDOWED,
    "usual_spend": {"by": "key"},
}
FILTERS = (
    "team=zebra",
    "team!=search",
    "!team=search",
    "team=search | team=zebra",
    "zebra",
    "user~zebra",
    "tag:animal=zebra",
    "status=error",
)
BREAKOUTS = ("x) | (team=zebra", "team=zebra) OR (1=1", "'", '"', "x) --", "team=search) | (team~", "🦓", "\x00")


def test_every_query_is_asked_here() -> None:
    assert set(ASKED) == set(QUERIES)


@pytest.mark.parametrize("query", sorted(ASKED))
async def test_a_query_tells_nothing_of_another_team(query: str, control: Control, key: str) -> None:
    asked = ASKED[query]
    filters = (None, *FILTERS, *BREAKOUTS) if "where" in asked or query == "calls" else (None,)
    for where in filters:
        body = asked if where is None else asked | {"where": where}
        reply = await control.ask(key, "POST", f"/v1/query/{query}", body)
        if query not in OF_ONE_TEAM:
            assert reply.status_code == 403, "what cannot be told of one team is told to nobody of one team"
            continue
        assert reply.status_code in ((200, 400) if where in BREAKOUTS else (200,)), (where, reply.text)
        if reply.status_code == 200:
            assert HIDDEN not in json.dumps(reply.json()["rows"]), where


async def test_numbers_are_those_of_the_own_team_alone(control: Control, key: str) -> None:
    async def rows(query: str, **more: Any) -> list[dict[str, Any]]:
        reply = await control.ask(key, "POST", f"/v1/query/{query}", HOUR | more)
        found: list[dict[str, Any]] = reply.json()["rows"]
        return found

    (overview,) = await rows("overview")
    assert (overview["calls"], overview["errors"]) == (OURS, 0)
    assert sum(row["calls"] for row in await rows("series", step="10m")) == OURS
    assert [(row["group"], row["calls"]) for row in await rows("spend")] == [("search", OURS)]
    assert [(row["team"], row["calls"]) for row in await rows("teams")] == [("search", OURS)]
    assert len((await control.ask(key, "POST", "/v1/query/calls", {})).json()["rows"]) == OURS
    (both,) = (await control.ask_here("POST", "/v1/query/overview", HOUR)).json()["rows"]
    assert both["calls"] == OURS + THEIRS


async def test_a_page_that_begins_at_another_teams_call_tells_no_more(control: Control, key: str) -> None:
    reply = await control.ask(key, "POST", "/v1/query/calls", {"before": theirs(3).call_id})
    assert HIDDEN not in json.dumps(reply.json()["rows"])
    assert len(reply.json()["rows"]) == OURS


async def test_another_teams_call_is_not_found_as_if_there_were_none(control: Control, key: str) -> None:
    there = await control.ask(key, "POST", "/v1/query/call", {"call_id": theirs(0).call_id})
    nowhere = await control.ask(key, "POST", "/v1/query/call", {"call_id": a_call(90).call_id})
    own = await control.ask(key, "POST", "/v1/query/call", {"call_id": a_call(0).call_id})
    assert there.json()["rows"] == nowhere.json()["rows"] == []
    assert [row["team"] for row in own.json()["rows"]] == ["search"]


async def test_the_caller_cannot_name_the_team_that_is_forced_on_it(control: Control, key: str) -> None:
    for field in ("team", "within", "name", "self"):
        assert (await control.ask(key, "POST", "/v1/query/calls", {field: "zebra"})).status_code == 400


async def test_a_query_that_nobody_said_to_be_kept_to_a_team_is_refused(
    control: Control, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatewatch.ledger.service.OF_ONE_TEAM", OF_ONE_TEAM - {"spend"})
    assert (await control.ask(key, "POST", "/v1/query/spend", HOUR)).status_code == 403
    assert (await control.ask_here("POST", "/v1/query/spend", HOUR)).status_code == 200


LESSER: tuple[RoleName, ...] = ("user", "admin")
OF_A_KEY: dict[str, Callable[[str], dict[str, Any]]] = {
    "budgets.remove": lambda key: {"scope": f"key/{key}"},
    "budgets.set": lambda key: {"scope": f"key/{key}", "picos": 5},
    "limits.remove": lambda key: {"scope": f"key/{key}"},
    "limits.set": lambda key: {"scope": f"key/{key}", "requests": 5},
    "keys.affected": lambda key: {"keys": [key], "deed": "revoke"},
    "keys.edit": lambda key: {"key": key, "max_uses": 5},
    "keys.end_grace": lambda key: {"key": key},
    "keys.revoke": lambda key: {"key": key},
    "keys.rotate": lambda key: {"key": key},
    "keys.show": lambda key: {"key": key},
}
OF_ALL: dict[str, dict[str, Any]] = {
    "audit.list": {},
    "budgets.list": {},
    "deferred.list": {},
    "keys.affected": {"team": "search"},
    "keys.export": {},
    "keys.list": {},
    "limits.list": {},
    "prices.own": {},
    "teams.list": {},
}
OF_A_TEAM: dict[str, dict[str, Any]] = {
    "keys.create": {"name": "mine", "create_team": True},
    "keys.import": {"key": {"id": "abcdefgh", "name": "mine"}, "create_team": True},
    "keys.list": {},
    "keys.export": {},
    "deferred.list": {},
    "teams.show": {},
}
OF_A_CALL = {"deferred.show", "deferred.cancel"}
"""Tried in test_deferred."""


def test_every_action_of_one_team_is_tried_here() -> None:
    assert {*OF_A_KEY, *OF_ALL, *OF_A_TEAM, *OF_A_CALL, "keys.identify", "keys.found"} == WITHIN_ONE_TEAM
    assert set(actions()) >= WITHIN_ONE_TEAM


@pytest.mark.parametrize("action", sorted(OF_A_KEY))
async def test_another_teams_key_is_like_one_that_does_not_exist(action: str, control: Control, key: str) -> None:
    with control.store() as store:
        (other,) = store.keys(HIDDEN)
        before = store.keys(HIDDEN), store.secrets(other.id)
    for reference in (other.id, other.name, other.id[:5]):
        never = "".join("0" if letter.isalnum() else letter for letter in reference)
        there = await control.ask(key, "POST", f"/v1/actions/{action}", OF_A_KEY[action](reference))
        nowhere = await control.ask(key, "POST", f"/v1/actions/{action}", OF_A_KEY[action](never))
        assert there.status_code == nowhere.status_code
        assert there.status_code in (403, 404)
        assert there.text.replace(reference, never) == nowhere.text
    with control.store() as store:
        assert (store.keys(HIDDEN), store.secrets(other.id)) == before


@pytest.mark.parametrize("action", sorted(OF_ALL))
async def test_a_list_holds_nothing_of_another_team(action: str, control: Control, key: str) -> None:
    await control.ask_here("POST", "/v1/actions/keys.edit", {"key": "zebra-key", "max_uses": 9})
    for scope in ("team/zebra", "key/zebra-key", "project/zebra/zebra-project", "user/zebra-user"):
        await control.ask_here("POST", "/v1/actions/limits.set", {"scope": scope, "requests": 5})
        await control.ask_here("POST", "/v1/actions/budgets.set", {"scope": scope, "picos": 5})
    reply = await control.ask(key, "POST", f"/v1/actions/{action}", OF_ALL[action])
    assert reply.status_code == 200, reply.text
    assert HIDDEN not in reply.text
    for role in LESSER:
        reply = await control.ask(control.key(role, kind="admin", role=role), "POST", f"/v1/actions/{action}", {})
        assert reply.status_code in (200, 400, 403)
        assert HIDDEN not in reply.text


@pytest.mark.parametrize("action", sorted(OF_A_TEAM))
async def test_another_team_is_like_one_that_does_not_exist(action: str, control: Control, key: str) -> None:
    async def asked(team: str) -> tuple[int, str]:
        body = json.loads(json.dumps(OF_A_TEAM[action]))
        if action == "keys.import":
            body["key"]["team"] = team
        else:
            body["name" if action == "teams.show" else "team"] = team
        reply = await control.ask(key, "POST", f"/v1/actions/{action}", body)
        return reply.status_code, reply.text.replace(team, "?")

    assert await asked("zebra") == await asked("nobody")
    with control.store() as store:
        assert len(store.keys(HIDDEN)) == 1
        assert {team.name for team in store.teams()} == {"search", "zebra"}


async def test_a_secret_that_turned_up_is_not_identified_as_another_teams(control: Control, key: str) -> None:
    secret = control.key("zebra-two", HIDDEN)
    there = await control.ask(key, "POST", "/v1/actions/keys.identify", {"text": secret})
    nowhere = await control.ask(key, "POST", "/v1/actions/keys.identify", {"text": token.mint("client", "live")})
    assert there.status_code == nowhere.status_code == 404
    assert HIDDEN not in there.text
    found = await control.ask(key, "POST", "/v1/actions/keys.found", {"secrets": [secret], "source": "x"})
    assert found.json() == [{"kid": token.parse(secret), "id": None, "genuine": None, "reaction": None}]


async def test_the_use_of_a_key_that_is_shown_is_of_the_own_team(control: Control, key: str) -> None:
    shown = await control.ask(key, "POST", "/v1/actions/keys.show", {"key": "app"})
    assert shown.status_code == 200
    assert HIDDEN not in shown.text


async def test_a_key_of_all_teams_is_not_touched_from_one_team_though_it_is_of_it(control: Control, key: str) -> None:
    for action, asked in sorted(OF_A_KEY.items()):
        reply = await control.ask(key, "POST", f"/v1/actions/{action}", asked("zebra-boss"))
        assert reply.status_code == 404, (action, reply.text)
    with control.store() as store:
        assert store.key("zebra-boss").revoked_at is None


ASKED_SERVICE = {"name": "mine", "team": "search", "service": "zebra-service"}


async def test_a_name_or_an_id_that_is_taken_elsewhere_is_not_told_whose(control: Control, key: str) -> None:
    with control.store() as store:
        (other,) = store.keys(HIDDEN)
        boss = store.key("zebra-boss")
    for action, asked in (
        ("keys.create", ASKED_SERVICE),
        ("keys.create", {"name": "mine", "team": "search", "service": "ZEBRA-SERVICE"}),
        ("keys.edit", {"key": "app", "service": "zebra-service"}),
        ("keys.import", {"key": {"id": other.id, "name": "mine", "team": "search"}}),
        ("keys.import", {"key": {"id": boss.id, "name": "mine", "team": "search"}}),
    ):
        reply = await control.ask(key, "POST", f"/v1/actions/{action}", asked)
        assert (reply.status_code, "cannot be taken" in reply.text) == (400, True), (action, reply.text)
        assert HIDDEN not in reply.text.lower().replace("zebra-service", "", 1)
    whole = await control.ask_here("POST", "/v1/actions/keys.create", ASKED_SERVICE)
    assert "belongs to team 'zebra'" in whole.text, "whoever may know is told"


async def test_what_the_vault_holds_is_not_found_out_by_trying(control: Control, key: str) -> None:
    control.vault.set("zebra", "sk-of-a-provider")
    replies = []
    for name in ("zebra", "nobody"):
        body = {"name": "mine", "team": "search", "deliver": "vault", "vault_name": name}
        reply = await control.ask(key, "POST", "/v1/actions/keys.create", body)
        replies.append((reply.status_code, sorted(reply.json())))
    assert replies[0] == replies[1]
    assert control.vault.get("zebra") == "sk-of-a-provider"


async def test_a_name_that_a_hidden_key_has_too_is_the_visible_ones(control: Control, key: str) -> None:
    control.key("twin")
    control.key("twin", kind="admin", role="super-admin")  # of this team, but for all teams
    control.key("twin", HIDDEN)
    shown = await control.ask(key, "POST", "/v1/actions/keys.show", {"key": "twin"})
    assert (shown.status_code, shown.json()["kind"], shown.json()["team"]) == (200, "client", "search")
    control.key("twin")
    ambiguous = await control.ask(key, "POST", "/v1/actions/keys.show", {"key": "twin"})
    assert ambiguous.status_code == 400
    assert ambiguous.json()["error"]["title"].startswith("2 keys fit")
