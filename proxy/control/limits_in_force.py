"""What calls are limited by at the moment, put together from all who have a say: the configuration file, operators'
rules and grants, alerts' overrides, and what the ledger has taught of estimates.

Keeps true: workers have all of it from the moment on at which one part changes; a worker that comes later has it too.
"""

from collections.abc import Callable

import msgspec

from gatewatch.limits.in_force import together
from gatewatch.limits.rule import Grant, Rule
from proxy.settings import Limiting, Override

Push = Callable[[Limiting], None]


class LimitsInForce:
    """Of one gateway. Belongs to the event loop."""

    def __init__(self, push: Push) -> None:
        """`push` hands it to every worker."""
        self.on_change: Callable[[], object] = lambda: None  # until somebody wants to hear of it
        self._push = push
        self._configured = Limiting()
        self._rules: tuple[Rule, ...] = ()
        self._grants: dict[str, tuple[Grant, ...]] = {}
        self._overrides: dict[str, tuple[Override, ...]] = {}
        self._percents: dict[str, int] = {}
        self._outputs: dict[str, int] = {}
        self._pushed: Limiting | None = None
        """None until a configuration is in force: before, there is nothing to hand out."""

    @property
    def limiting(self) -> Limiting:
        """All of it."""
        overrides = tuple(each for part in self._overrides.values() for each in part)
        return msgspec.structs.replace(
            self._configured,
            rules=self.rules,
            overrides=overrides,
            estimate_percents=self._percents,
            usual_outputs=self._outputs,
        )

    @property
    def rules(self) -> tuple[Rule, ...]:
        """With their grants. May be asked from any thread."""
        return together(self._configured.rules, self._rules, self._grants)

    def configured(self, limiting: Limiting) -> Limiting:
        """Another configuration is in force; all of it."""
        self._configured = limiting
        self._pushed = self.limiting
        self.on_change()
        return self._pushed

    def by_operators(self, rules: tuple[Rule, ...], grants: dict[str, tuple[Grant, ...]]) -> None:
        """Rules that operators made, and grants by rule. A rule of the file wins over one of the same id."""
        self._rules, self._grants = rules, grants
        self._changed()

    def override(self, source: str, overrides: tuple[Override, ...]) -> None:
        """What one source wants for now, in place of what it wanted before."""
        self._overrides[source] = overrides
        self._changed()

    def estimates(self, percents: dict[str, int], outputs: dict[str, int]) -> None:
        """`PROVIDER/MODEL` → percent of the estimate from a text's size, and output of a call that sets no limit."""
        self._percents, self._outputs = percents, outputs
        self._changed()

    def _changed(self) -> None:
        if self._pushed is not None and (limiting := self.limiting) != self._pushed:
            self._pushed = limiting
            self.on_change()
            self._push(limiting)
