"""Whom a limit or budget is to be for, as an operator names it: what it names is there, and within the actor's reach.

Who belongs to one team reaches that team, its projects and its keys: `team/OWN`, `project/OWN/…` and `key/…` of it. Who
belongs to one project reaches that and its keys; who came with a test key reaches test keys. All that others share
(users, models, routes, the gateway, each team) is for those of all teams.
"""

from collections.abc import Sequence
from typing import NamedTuple

from gatewatch.actions.acting import Acting
from gatewatch.control.records import KeyRecord
from gatewatch.errors import NotAllowed, NotFound, UsageError
from gatewatch.keys.secret_shapes import is_known_secret, shown
from gatewatch.limits.rule import SCOPES, Rule, Scope, split_scope

LONGEST_NAME = 300


class Meant(NamedTuple):
    """A scope, and whose it is."""

    scope: Scope
    name: str | None
    """As rules have it: a key by its id, '' for the gateway, None for each."""
    team: str | None
    """The only team that it concerns."""
    key: KeyRecord | None = None

    @property
    def text(self) -> str:
        """As it is written: `key/ID`."""
        return f"{self.scope}/{self.name}" if self.name else self.scope


def meant(acting: Acting, text: str) -> Meant:
    """Raises UsageError, NotFound with the nearest name, NotAllowed for what is beyond the actor."""
    found = _meant(acting, text)
    actor = acting.actor
    if actor.team is not None and found.team != actor.team:
        raise NotAllowed(
            f"{actor.id} is of team {actor.team} alone, and {found.scope} is not that team's business alone",
            f"name team/{actor.team}, one of its projects or one of its keys",
        )
    if actor.project is not None and found.key is None and found.name != f"{actor.team}/{actor.project}":
        raise NotAllowed(
            f"{actor.id} is of project {actor.team}/{actor.project} alone", "name that project, or one of its keys"
        )
    if actor.test_only and found.key is None:
        raise NotAllowed(f"{actor.id} is a test key, and {found.scope} is more than a test key", "ask with a live key")
    return found


def _meant(acting: Acting, text: str) -> Meant:
    try:
        scope, name = split_scope(text)
    except ValueError as error:
        known = [each for each in SCOPES if each == text.partition("/")[0]]
        raise UsageError(
            f"{shown(text)} is no scope", f"it is {known[0]}/NAME" if known and "/" in text else str(error)
        ) from None
    if not name:
        return Meant(scope, name, None)
    if scope == "key":
        record = acting.seen_key(name)
        if record.kind == "admin":
            raise UsageError(f"{record.id} is an admin key, and makes no calls", "name a client key")
        return Meant(scope, record.id, record.team, record)
    if len(name) > LONGEST_NAME or not name.isprintable() or is_known_secret(name):
        raise UsageError(f"{shown(name)} names no {scope.replace('_', ' ')}", "`gatewatch limits set --help`")
    if scope in ("team", "project"):
        return Meant(scope, name, _team(acting, scope, name))
    if scope != "user" and (config := acting.configuration()) is not None:
        from gatewatch.config.limit_scopes import unknown

        if problem := unknown(scope, name, config, shown):
            raise NotFound(f"there is {problem[0]}" if problem[0].startswith("no ") else problem[0], problem[1])
    return Meant(scope, name, None)


def _team(acting: Acting, scope: Scope, name: str) -> str:
    """The team of a team or a project, which is there."""
    team, _, project = name.partition("/") if scope == "project" else (name, "", "")
    teams = {each.name for each in acting.store.teams()} | set(acting.declared_teams())
    seen = sorted(each for each in teams if acting.actor.reaches(each))
    if team not in seen:
        raise NotFound(f"there is no team {shown(team)}", _nearest(team, seen, "`gatewatch teams create NAME`"))
    if scope == "project":
        projects = [each.name for each in acting.store.projects(team)]
        if project not in projects:
            raise NotFound(
                f"there is no project {shown(project)} in team {team}",
                _nearest(project, projects, "a project begins with its first key: `gatewatch keys create --project`"),
            )
    return team


def _nearest(name: str, names: Sequence[str], otherwise: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else otherwise


def is_known(acting: Acting, scope: Scope, name: str | None) -> bool:
    """Whether there is the key, team or project; of all others it is taken for granted."""
    from gatewatch.config.names_of_nobody import nobody

    return not name or nobody(scope, name, acting.store, acting.declared_teams()) is None


def key_name(acting: Acting, rule: Rule) -> str | None:
    """What the key is called that a rule is for; None where it is for none."""
    if rule.scope != "key" or not rule.name:
        return None
    try:
        key = acting.store.key(rule.name)
    except (NotFound, UsageError):
        return None
    return key.name if key.id == rule.name else None


def rules_in_force(acting: Acting) -> tuple[Rule, ...]:
    """All rules that hold, with their grants. Raises ConfigError where the configuration file cannot be read."""
    from gatewatch.config.limit_rules import rules_of
    from gatewatch.limits.in_force import together

    config, store = acting.configuration(), acting.store
    return together(rules_of(config) if config else (), store.rules(), store.grants(store.clock()))


def changed(acting: Acting) -> None:
    """To be called behind a change: a gateway that runs takes it at once."""
    if acting.gateway is not None:
        acting.gateway.rules_changed()
