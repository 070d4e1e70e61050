"""Limits and budgets that operators made, and grants on any rule, in the control store.

Keeps true: a change is one transaction with its audit entries; a rule that was removed keeps its row, so that what it
blocked can still be explained; grants are never changed nor deleted, as the trail of money is.
"""

from collections.abc import Sequence

import msgspec

from gatewatch.control.transactions import Transactions
from gatewatch.errors import NotFound
from gatewatch.ids import new_call_id
from gatewatch.limits.rule import Grant, Rule, scope_text
from gatewatch.money import usd_text
from gatewatch.timespan import iso


class MadeRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that an operator made, and who that was."""

    rule: Rule
    team: str | None
    """Whose it is; None: of no one team."""
    by_team: str | None
    """The only team of whoever made or changed it last; None: somebody of all teams did."""
    created_at: int
    created_by: str
    changed_at: int


class MadeGrant(msgspec.Struct, frozen=True, kw_only=True):
    """What was granted on a rule, and why."""

    id: str
    rule_id: str
    team: str | None
    amount: int
    """In the rule's measure."""
    since: int
    until: int
    reason: str
    created_at: int
    created_by: str


_GRANT_COLUMNS = ", ".join(MadeGrant.__struct_fields__)


class Rules(Transactions):
    """Part of the control store. Whether a rule fits, and who may make it, is for the actions to say."""

    def made_rules(self) -> list[MadeRule]:
        """Those that are in force, by id."""
        rows = self.connection.execute(
            "SELECT rule, team, by_team, created_at, created_by, changed_at FROM rules WHERE removed_at IS NULL"
            " ORDER BY id"
        )
        return [
            MadeRule(rule=_rule(text), team=team, by_team=by_team, created_at=made, created_by=by, changed_at=changed)
            for text, team, by_team, made, by, changed in rows
        ]

    def rules(self) -> tuple[Rule, ...]:
        """As `made_rules`, the rules alone, without grants."""
        return tuple(made.rule for made in self.made_rules())

    def set_rules(self, rules: Sequence[Rule], *, team: str | None) -> None:
        """Make or change them, all or none; one that stays as it is leaves no trace. `team`: whose they are."""
        with self.change():
            before = {made.rule.id: made for made in self.made_rules()}
            now = self.clock()
            for rule in rules:
                rule = msgspec.structs.replace(rule, managed_by="operator", grants=())
                known = before.get(rule.id)
                if known is not None and (known.rule, known.team) == (rule, team):
                    continue
                self.connection.execute(
                    "INSERT INTO rules (id, rule, team, by_team, created_at, created_by, changed_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET rule = excluded.rule,"
                    " team = excluded.team, by_team = excluded.by_team, changed_at = excluded.changed_at,"
                    " removed_at = NULL",
                    (rule.id, msgspec.json.encode(rule).decode(), team, self.actor.team, now, self.actor.id, now),
                )
                self.trail.add(
                    f"{rule.kind}.set", rule.id, before=None if known is None else _told(known.rule), after=_told(rule)
                )

    def remove_rules(self, ids: Sequence[str]) -> list[Rule]:
        """They are no longer in force; what they were. All or none: raises NotFound for one that is not there."""
        with self.change():
            made = {each.rule.id: each.rule for each in self.made_rules()}
            for id in ids:
                if id not in made:
                    raise NotFound(f"there is no {id}", "`gatewatch budgets list` and `gatewatch limits list` show all")
                self.connection.execute("UPDATE rules SET removed_at = ?1 WHERE id = ?2", (self.clock(), id))
                self.trail.add(f"{made[id].kind}.remove", id, before=_told(made[id]))
        return [made[id] for id in ids]

    def grants(self, now: int) -> dict[str, tuple[Grant, ...]]:
        """Rule → its grants that are in force at `now`, or will be."""
        found: dict[str, list[Grant]] = {}
        for grant in self.made_grants(since=now):
            found.setdefault(grant.rule_id, []).append(Grant(amount=grant.amount, since=grant.since, until=grant.until))
        return {rule: tuple(grants) for rule, grants in found.items()}

    def made_grants(self, *, since: int = 0, rule_id: str | None = None) -> list[MadeGrant]:
        """Those that end after `since`, of one rule or all, oldest first."""
        rows = self.connection.execute(
            f"SELECT {_GRANT_COLUMNS} FROM grants WHERE until > ?1 AND (?2 IS NULL OR rule_id = ?2)"  # noqa: S608
            " ORDER BY created_at, id",
            (since, rule_id),
        )
        return [MadeGrant(**dict(zip(MadeGrant.__struct_fields__, row, strict=True))) for row in rows]

    def grant(self, rule: Rule, amount: int, *, until: int, reason: str, team: str | None) -> MadeGrant:
        """So much more of a rule's measure from now on until then, whoever manages the rule."""
        with self.change():
            now = self.clock()
            made = MadeGrant(
                id=new_call_id(), rule_id=rule.id, team=team, amount=amount, since=now, until=until, reason=reason,
                created_at=now, created_by=self.actor.id,
            )  # fmt: skip
            self.insert("grants", made)
            self.trail.add(
                f"{rule.kind}.grant",
                rule.id,
                before={"limit": _amount(rule, rule.ceiling(now))},
                after={
                    "limit": _amount(rule, rule.ceiling(now) + amount),
                    "amount": _amount(rule, amount),
                    "until": iso(until),
                    "reason": reason,
                },
            )
        return made


def _rule(text: str) -> Rule:
    return msgspec.json.decode(text, type=Rule)


def _told(rule: Rule) -> dict[str, object]:
    """As people read it: the trail is theirs."""
    told: dict[str, object] = {
        "scope": scope_text(rule),
        "measure": "usd" if rule.measure == "picos" else rule.measure,
        "limit": _amount(rule, rule.most),
    }
    if rule.window:
        told["window"] = rule.window.text
    if rule.soft is not None:
        told["soft"] = _amount(rule, rule.soft)
    return told | {name: True for name in ("step_down", "throttle", "cache_reads") if getattr(rule, name)}


def _amount(rule: Rule, amount: int) -> int | str:
    return usd_text(amount) if rule.measure == "picos" else amount
