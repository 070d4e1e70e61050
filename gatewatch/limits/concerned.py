"""Which rules concern a call, and under which names: found by scope, in the order of the scopes.

Keeps true: what was found once for a combination of names is found at once; callers choose the names of users and of
models, so what is remembered is bounded.
"""

from collections.abc import Iterable

import msgspec

from gatewatch.call import Call
from gatewatch.limits.amounts import slot_of
from gatewatch.limits.rule import OF_AN_ATTEMPT, SCOPES, Rule, Scope, counter

REMEMBERED = 4096


class Concern:
    """A rule and whose counter of it, with what is the same for every call that it concerns."""

    __slots__ = (
        "begin",
        "end",
        "head",
        "is_granted",
        "is_plain",
        "key",
        "leaves",
        "name",
        "now_bucket",
        "oldest",
        "rule",
        "slot",
        "told_as",
    )

    def __init__(self, rule: Rule, name: str) -> None:
        self.rule = rule
        self.name = name
        self.key = counter(rule, name)
        """What the counter is called."""
        self.slot = slot_of(rule)
        self.is_granted = bool(rule.grants)
        self.is_plain = not rule.unpriced_only and not by_tries(rule)
        """Whether every call that it concerns is charged to it once."""
        self.told_as = _told_as(rule)
        """Among which of a reply's headers it is told: 0 requests, 1 tokens; -1: none."""
        self.head = msgspec.json.encode((rule.id, name, rule.measure))[:-1] + b","
        """How a row begins to tell of it, as JSON."""
        self.begin = self.end = 0
        """From when until when the following are as they are: `turn` for any other time."""
        self.now_bucket = self.oldest = self.leaves = 0
        """Where calls count that begin now, the first bucket that counts, and when what is there now counts no more."""

    def turn(self, at: int) -> None:
        """Be as it is at that time."""
        window = self.rule.window
        if window is None:
            self.begin, self.end = 0, 1 << 63
            return
        self.now_bucket, self.oldest = window.bucket(at), window.oldest(at)
        self.leaves = window.leaves(self.now_bucket)
        self.begin, self.end = window.span(at)

    def bucket(self, at: int) -> int:
        """Where a call counts that began at `at`: often a while ago."""
        if self.begin <= at < self.end:
            return self.now_bucket
        return self.rule.window.bucket(at) if self.rule.window else 0


def _told_as(rule: Rule) -> int:
    if rule.kind == "budget" or rule.window is None:
        return -1
    return 0 if rule.measure == "requests" else 1


def by_tries(rule: Rule) -> bool:
    """Whether it counts tries rather than calls."""
    return rule.measure == "requests" and rule.scope in OF_AN_ATTEMPT


class Concerned:
    """The rules in force, by scope."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._each: dict[Scope, list[Rule]] = {}
        self._named: dict[tuple[Scope, str], list[Rule]] = {}
        for rule in self.rules:
            if rule.name is None:
                self._each.setdefault(rule.scope, []).append(rule)
            else:
                self._named.setdefault((rule.scope, rule.name), []).append(rule)
        scopes: set[Scope] = {rule.scope for rule in self.rules}
        self._of_the_call = tuple(scope for scope in SCOPES if scope in scopes and scope not in OF_AN_ATTEMPT)
        self.has_models = "model" in scopes
        self.has_provider_keys = "provider_key" in scopes
        self.has_unpriced = any(rule.unpriced_only for rule in self.rules)
        self._known: dict[tuple[str | None, ...], list[Concern]] = {}

    def by_call(self, call: Call) -> list[Concern]:
        """Those that hold for the call wherever it goes. Not to be changed."""
        names = (call.environment, call.team, call.project, call.user, call.key_id, call.route)
        known = self._known.get(names)
        if known is None:
            known = []
            for scope in self._of_the_call:
                if (name := name_of(scope, call)) is not None:
                    known += self._of(scope, name)
            self._remember(names, known)
        return known

    def by_model(self, provider: str | None, model: str | None) -> list[Concern]:
        """Those for a model of a provider. Not to be changed."""
        if not self.has_models or not provider:
            return _NONE
        known = self._known.get((provider, model))
        if known is None:
            known = self._remember((provider, model), self._of("model", f"{provider}/{model}"))
        return known

    def by_provider_key(self, provider: str | None, key: str | None, model: str | None) -> list[Concern]:
        """Those for one of its keys, where it is used for that model. Not to be changed."""
        if not self.has_provider_keys or not key:
            return _NONE
        known = self._known.get((provider, key, model))
        if known is None:
            found = self._of("provider_key", f"{provider}/{key}")
            found = [each for each in found if each.rule.for_model is None or each.rule.for_model == model]
            known = self._remember((provider, key, model), found)
        return known

    def by_row(self, call: Call) -> list[Concern]:
        """All that an ended call is charged to: what its row says, as the ledger counts it."""
        if not self.has_models and not self.has_provider_keys:
            return self.by_call(call)
        return [
            *self.by_call(call),
            *self.by_model(call.provider, call.model),
            *self.by_provider_key(call.provider, call.provider_key, call.model),
        ]

    def _of(self, scope: Scope, name: str) -> list[Concern]:
        rules = (*self._each.get(scope, ()), *self._named.get((scope, name), ()))
        return [Concern(rule, name) for rule in rules]

    def _remember(self, names: tuple[str | None, ...], found: list[Concern]) -> list[Concern]:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[names] = found
        return found


_NONE: list[Concern] = []


def name_of(scope: Scope, call: Call) -> str | None:
    """What the call is called in that scope; None: it has no name there."""
    match scope:
        case "gateway":
            return ""
        case "team":
            return call.team
        case "key":
            return call.key_id
        case "project":
            return f"{call.team}/{call.project}" if call.project else None
        case "route":
            return call.route
        case "environment":
            return call.environment
        case "user":
            return call.user
        case "model":
            return f"{call.provider}/{call.model}" if call.provider else None
        case _:
            return f"{call.provider}/{call.provider_key}" if call.provider_key else None
