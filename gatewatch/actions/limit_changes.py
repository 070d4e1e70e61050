"""What changes of budgets and limits have in common: who may make which, and what stands in their way.

Keeps true: what the configuration file declares is changed there alone; who belongs to one team neither changes nor
removes what somebody of all teams has made, so that it never has more than it was given: every rule beside another one
can only take away.
"""

from collections.abc import Sequence

from gatewatch.actions.acting import Acting
from gatewatch.errors import NotAllowed, NotFound
from gatewatch.keys.secret_shapes import shown
from gatewatch.limits.rule import Rule, scope_text


def check_countable(acting: Acting) -> None:
    """Raises NotAllowed where several workers have nothing to count in together."""
    config = acting.configuration()
    workers = config.workers if config else 1
    if acting.gateway is not None:
        workers = len(acting.gateway.live()["workers"])
    if workers > 1 and (config is None or not config.stores.limits):
        raise NotAllowed(
            f"{workers} workers cannot keep a limit or a budget together: each would count for itself",
            "give the configuration file `stores: {limits: redis://…}`, or `workers: 1`",
        )


def check_beside(rules: Sequence[Rule], in_force: Sequence[Rule]) -> None:
    """Raises NotAllowed where the configuration file has one of the same scope, measure and window.

    A second one beside it could only take away: whoever asks for more would get nothing, and not be told.
    """
    for rule in in_force:
        if rule.managed_by == "config" and any(_place(rule) == _place(each) for each in rules):
            raise of_the_file(rule)


def _place(rule: Rule) -> tuple[object, ...]:
    """What tells one rule from the next for people; a calendar's zone does not."""
    window = rule.window and (rule.window.period, rule.window.seconds)
    return rule.kind, rule.scope, rule.name, rule.measure, window, rule.unpriced_only


def check_own(acting: Acting, rules: Sequence[Rule]) -> None:
    """Raises NotAllowed where the actor may not change one of these rules, as they stand now."""
    made = {each.rule.id: each for each in acting.store.made_rules()}
    for rule in rules:
        if rule.managed_by == "config":
            raise of_the_file(rule)
        known = made.get(rule.id)
        if known and acting.actor.team is not None and known.by_team != acting.actor.team:
            raise NotAllowed(
                f"{rule.id} was made by somebody of all teams, and {acting.actor.id} is of team {acting.actor.team}",
                "ask them; a budget or limit of another window may stand beside it",
            )


def of_the_file(rule: Rule) -> NotAllowed:
    """The error for a rule of the configuration file: which lines to change."""
    section, _, rest = rule.id.partition(".")
    name = rest.partition("/")[0]
    path = f"{section}:" if not name else f"{section}: {name}:"
    if section == "teams":
        team, _, kind = name.rpartition(".")
        path = f"teams: {team}: {kind}:"
    return NotAllowed(
        f"{rule.id} stands in the configuration file",
        f"change its lines under `{path}`" + ("; `gatewatch budgets grant` lifts it" if rule.kind == "budget" else ""),
    )


def to_remove(acting: Acting, kind: str, rules: Sequence[Rule], scope: str, id: str | None) -> list[Rule]:
    """The rules of that scope, or the one with that id among them. Raises NotFound, NotAllowed."""
    of_scope = [rule for rule in rules if rule.kind == kind and scope_text(rule) == scope]
    found = [rule for rule in of_scope if id in (None, rule.id)]
    if not found:
        raise NotFound(
            f"there is no {kind} {shown(id)} of {shown(scope)}" if id else f"there is no {kind} of {shown(scope)}",
            ", ".join(rule.id for rule in of_scope) or f"`gatewatch {kind}s list` shows those that there are",
        )
    if id is None and any(rule.managed_by == "operator" for rule in found):
        found = [rule for rule in found if rule.managed_by == "operator"]
    check_own(acting, found)
    return found
