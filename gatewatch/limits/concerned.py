"""Which rules concern a call, and under which names: found by scope, in the order of the scopes."""

from collections.abc import Iterable, Iterator

from gatewatch.call import Call
from gatewatch.limits.rule import OF_AN_ATTEMPT, SCOPES, Rule, Scope, counter

Concern = tuple[Rule, str, str]
"""A rule, whose counter of it, and what that is called."""


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

    def by_call(self, call: Call) -> list[Concern]:
        """Those that hold for the call wherever it goes."""
        found: list[Concern] = []
        for scope in self._of_the_call:
            if (name := name_of(scope, call)) is not None:
                found += self._of(scope, name)
        return found

    def by_model(self, provider: str | None, model: str | None) -> list[Concern]:
        """Those for a model of a provider."""
        return list(self._of("model", f"{provider}/{model}")) if self.has_models and provider else []

    def by_provider_key(self, provider: str | None, key: str | None, model: str | None) -> list[Concern]:
        """Those for one of its keys, where it is used for that model."""
        if not self.has_provider_keys or not key:
            return []
        found = self._of("provider_key", f"{provider}/{key}")
        return [each for each in found if each[0].for_model is None or each[0].for_model == model]

    def by_row(self, call: Call) -> list[Concern]:
        """All that an ended call is charged to: what its row says, as the ledger counts it."""
        return [
            *self.by_call(call),
            *self.by_model(call.provider, call.model),
            *self.by_provider_key(call.provider, call.provider_key, call.model),
        ]

    def _of(self, scope: Scope, name: str) -> Iterator[Concern]:
        for rule in self._each.get(scope, ()):
            yield rule, name, counter(rule, name)
        for rule in self._named.get((scope, name), ()):
            yield rule, name, counter(rule, name)


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
