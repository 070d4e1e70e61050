"""Teams, whom calls are charged to: made, listed, shown."""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission
from gatewatch.control.records import Team
from gatewatch.errors import NotAllowed
from gatewatch.timespan import iso


class OneTeam(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str


class ListTeams(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All within reach."""


@action("teams.create", Permission.TEAMS_CREATE, OneTeam, changes=True)
def create(acting: Acting, asked: OneTeam) -> dict[str, Any]:
    """Raises NotAllowed where the configuration file declares the team, UsageError for an unfit or taken name."""
    if not acting.actor.reaches(asked.name):
        raise NotAllowed(
            f"{acting.actor.id} belongs to team {acting.actor.team} and makes no others", "ask somebody of all teams"
        )
    if asked.name in acting.declared_teams():
        raise NotAllowed(
            f"the configuration file declares the team {asked.name!r}",
            f"there is nothing to make: its lines under `teams:` / `{asked.name}:` are where it is changed",
        )
    return _view(acting, acting.store.create_team(asked.name))


@action("teams.list", Permission.TEAMS_VIEW, ListTeams, changes=False)
def listed(acting: Acting, asked: ListTeams) -> list[dict[str, Any]]:
    del asked
    return [_view(acting, team) for team in acting.store.teams() if acting.actor.reaches(team.name)]


@action("teams.show", Permission.TEAMS_VIEW, OneTeam, changes=False)
def show(acting: Acting, asked: OneTeam) -> dict[str, Any]:
    """Raises NotFound for a team that does not exist or is out of reach."""
    acting.check_reach(asked.name)
    return _view(acting, acting.store.team(asked.name))


def _view(acting: Acting, team: Team) -> dict[str, Any]:
    """`keys` are those that can be used."""
    now = acting.store.clock()
    return {
        "name": team.name,
        "projects": [project.name for project in acting.store.projects(team.name)],
        "services": [service.name for service in acting.store.services(team.name)],
        "keys": [key.id for key in acting.keys(team.name) if key.state(now) == "active"],
        "managed_by": team.managed_by,
        "created_at": iso(team.created_at),
        "created_by": team.created_by,
    }
