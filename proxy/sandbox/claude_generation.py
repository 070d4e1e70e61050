"""What a Claude of which generation takes, by its name. A name that says nothing takes everything.

Sources: platform.claude.com/docs whats-new-claude-4-6, -4-7, -4-8 and the migration guides.
"""

import re
from typing import NamedTuple

_NAME = re.compile(
    r"claude-(?:(?P<family>[a-z]+)-)?(?P<major>\d)(?:[-.](?P<minor>\d)(?!\d))?(?:-(?P<old_family>[a-z]+))?"
)
_PREVIEW = "claude-mythos-preview"


class Generation(NamedTuple):
    """A model's family and version, or nothing known of them."""

    family: str | None
    version: tuple[int, int] | None

    def _since(self, major: int, minor: int) -> bool:
        return self.version is None or self.version >= (major, minor)

    def _before(self, major: int, minor: int) -> bool:
        return self.version is None or self.version < (major, minor)

    @property
    def takes_budgets(self) -> bool:
        """`thinking: {type: enabled, budget_tokens}`."""
        return self._before(4, 7)

    @property
    def takes_adaptive_thinking(self) -> bool:
        return self._since(4, 6)

    @property
    def takes_sampling(self) -> bool:
        """temperature, top_p and top_k other than the defaults."""
        return self._before(4, 7)

    @property
    def takes_temperature_with_top_p(self) -> bool:
        return self._before(4, 1)

    @property
    def takes_prefill(self) -> bool:
        """A last message by the assistant, to be continued."""
        return self._before(4, 6)

    @property
    def takes_system_turns(self) -> bool:
        return self._since(4, 8)

    @property
    def efforts(self) -> tuple[str, ...]:
        """Values of `output_config.effort`."""
        if self.version == (4, 5) and self.family == "opus":
            return ("low", "medium", "high")
        if not self._since(4, 6):
            return ()
        return ("low", "medium", "high", "xhigh", "max") if self._since(4, 7) else ("low", "medium", "high", "max")

    @property
    def shows_thinking(self) -> bool:
        """Where the request does not say: newer ones keep the text to themselves."""
        return self._before(4, 7)


def generation(model: str) -> Generation:
    """`claude-opus-4-8-20260528` → opus 4.8, `claude-3-5-haiku-latest` → haiku 3.5."""
    if _PREVIEW in model:
        return Generation("mythos", (4, 7))
    found = _NAME.search(model)
    if found is None:
        return Generation(None, None)
    return Generation(found["family"] or found["old_family"], (int(found["major"]), int(found["minor"] or 0)))
