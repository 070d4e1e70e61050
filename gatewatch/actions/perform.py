"""Performs an action: asks for the permission, notes a try that was refused, does it.

Keeps true: nothing happens for an actor without the permission or beyond its team and environment, and a refused change
stands in the audit trail; so does one of what the actor does not find, up to `MOST_TRIES` a minute. What a change
itself notes joins its own transaction.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import Action
from gatewatch.actions.reach import WITHIN_ONE_TEAM
from gatewatch.actions.registry import actions
from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed, NotFound, UsageError
from gatewatch.keys.secret_shapes import shown, without_secrets

MOST_TRIES = 60
"""Of one actor in a minute: a script that guesses does not fill the disk."""


def perform(acting: Acting, name: str, asked: object) -> Any:
    """The answer as JSON values. `asked`: the action's struct, or JSON values of it.

    Raises NotFound for what is no action, NotAllowed, UsageError for unfit fields, and what the action raises.
    """
    action = actions().get(name)
    if action is None:
        raise NotFound(f"there is no action {shown(name)}", "is this program of another version than the gateway?")
    try:
        acting.require(action.permission)
        if acting.actor.team is not None and name not in WITHIN_ONE_TEAM:
            raise NotAllowed(
                f"{acting.actor.id} is of team {acting.actor.team} alone, and {name} is about all teams",
                "ask with a key of all teams",
            )
        if acting.actor.test_only and action.changes and name not in WITHIN_ONE_TEAM:
            raise NotAllowed(
                f"{acting.actor.id} is a test key, and {name} changes more than test keys", "ask with a live key"
            )
        return msgspec.to_builtins(action.run(acting, _fitting(action, asked)))
    except NotAllowed as refused:
        if action.changes:
            acting.store.audit(action.name, _target(asked), result="denied", reason=refused.title)
        raise
    except NotFound as missed:
        # Whether it is there or not: the actor sees its own entries, and may not tell one from the other.
        if action.changes and _is_limited(acting.actor) and _tries(acting) < MOST_TRIES:
            reason = f"{missed.title}, or it is not within reach"
            acting.store.audit(action.name, _target(asked), result="denied", reason=reason)
        raise


def _is_limited(actor: Actor) -> bool:
    """Whether there may be things that it is told not to find."""
    return actor.team is not None or actor.test_only


def _tries(acting: Acting) -> int:
    """How often the actor was refused in the last minute, as far as the newest entries tell."""
    (count,) = acting.store.connection.execute(
        "SELECT count(*) FROM (SELECT at, actor, result FROM audit ORDER BY seq DESC LIMIT 1000)"
        " WHERE actor = ? AND result = 'denied' AND at > ?",
        (acting.actor.id, acting.store.clock() - 60_000_000),
    ).fetchone()
    return int(count)


def _fitting(action: Action[Any], asked: object) -> msgspec.Struct:
    try:
        fitting: msgspec.Struct = asked if isinstance(asked, action.asked) else msgspec.convert(asked, action.asked)
    except msgspec.ValidationError as error:
        raise UsageError(f"{action.name}: {without_secrets(str(error))}", "see `gatewatch --help`") from None
    if not _is_text(msgspec.to_builtins(fitting)):
        raise UsageError(f"{action.name}: a text holds a NUL, or what is no Unicode", "no name and no path does")
    return fitting


def _is_text(value: object) -> bool:
    """Whether every text in it is one that files, the store and other programs take."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, Mapping):
        return all(map(_is_text, value.values()))
    return not isinstance(value, list | tuple) or all(map(_is_text, value))


def _target(asked: object) -> str:
    """What was meant, as far as it may be repeated."""
    fields = msgspec.structs.asdict(asked) if isinstance(asked, msgspec.Struct) else asked
    words = ("key", "name", "scope", "route", "target")
    named = next((fields[word] for word in words if fields.get(word)), None) if isinstance(fields, dict) else None
    return shown(named).strip("'") if isinstance(named, str) else "-"
