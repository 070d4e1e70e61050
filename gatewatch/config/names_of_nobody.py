"""Names in limits, budgets and alerts that nobody has: such a rule holds for no call, such an alert never fires.

Teams, projects and keys come and go in the control store, so that this is not known of a file alone, and no mistake of
it: it is said, and the rule is in force once there is somebody of that name.
"""

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from gatewatch.config.alert_rules import compiled, written_alerts
from gatewatch.config.limit_rules import rules_of
from gatewatch.config.models import Config
from gatewatch.config.problems import KeyPath, Problem, nearest
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotFound, UsageError
from gatewatch.keys.secret_shapes import shown
from gatewatch.limits.rule import split_scope


def names_of_nobody(config: Config, store: ControlStore) -> list[Problem]:
    """Every one that stands in the configuration. Raises sqlite3.Error."""
    return list(_names_of_nobody(config, store))


def nobody(scope: str, name: str, store: ControlStore, declared: Collection[str]) -> tuple[str, str] | None:
    """What is not there, and what could be meant; None where somebody has that name, or it cannot be known.

    `declared`: teams of the configuration file, whether the store has heard of them or not.
    """
    if scope == "key":
        return _no_key(name, store)
    if scope not in ("team", "project"):
        return None
    team, _, project = name.partition("/")
    teams = sorted({*declared, *(each.name for each in store.teams())})
    if team not in teams:
        return f"no team {shown(team)}", nearest(team, teams)
    if scope == "team":
        return None
    projects = [each.name for each in store.projects(team)]
    if project not in projects:
        return f"no project {shown(project)} in team {team}", nearest(project, projects)
    return None


def _names_of_nobody(config: Config, store: ControlStore) -> Iterator[Problem]:
    named: list[tuple[KeyPath, str, str]] = []
    for section in ("limits", "budgets"):
        for id, written in getattr(config, section).items():
            scope, name = split_scope(written.scope)
            named.append(((section, id, "scope"), scope, name or ""))
    ids: list[str] | None = None
    for id, alert in written_alerts(config).items():
        for index, name in enumerate(alert.only or ()):
            place: KeyPath = ("alerts", id, "only", index)
            per = compiled(id, alert).per
            if per != "budget":
                named.append((place, per, "" if "*" in name else name))
                continue
            ids = [rule.id for rule in (*rules_of(config), *store.rules())] if ids is None else ids
            if "*" not in name and name.partition("|")[0] not in ids:
                yield Problem(place, f"no budget {shown(name)}", nearest(name, ids))
    for path, kind, name in named:
        if name and (found := nobody(kind, name, store, config.teams)):
            yield Problem(path, *found)


def _no_key(name: str, store: ControlStore) -> tuple[str, str] | None:
    """Rules know keys by their ids: a name may be given again, and is no key's for ever."""
    try:
        key = store.key(name)
    except UsageError as several:
        return f"no key with the id {shown(name)}", several.title
    except NotFound:
        records = store.keys()
        names = {each.name: each.id for each in records if each.revoked_at is None}
        near = get_close_matches(name, names, n=1, cutoff=0.6)
        allowed = f"the id of a key, as {names[near[0]]}, which is called {near[0]}" if near else "the id of a key"
        return f"no key {shown(name)}", allowed
    return None if key.id == name else (f"no key with the id {shown(name)}", f"{key.id}, the id of {key.name}")
