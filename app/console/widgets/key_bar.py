"""The footer: what can be done here, at most eight keys. A key that cannot be used now is dim, and says why when it is
pressed or clicked all the same.
"""

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.widget import Widget

from app.console.actions import Action, key_name
from app.console.content import line

GAP = "  "


class KeyBar(Widget):
    """One line of keys."""

    DEFAULT_CSS = """
    KeyBar { height: 1; background: $panel; color: $foreground; padding: 0 1;
             text-wrap: nowrap; text-overflow: clip; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[tuple[Action, bool], ...] = ()

    def show(self, keys: Sequence[tuple[Action, bool]]) -> None:
        """Actions, each with whether it is possible now."""
        if tuple(keys) != self._keys:
            self._keys = tuple(keys)
            self.refresh()

    def render(self) -> Content:
        return Content(GAP).join(self._text(action, possible) for action, possible in self._keys)

    async def on_click(self, event: events.Click) -> None:
        action = self.action_at(event.x - 1)
        if action:
            await self.run_action(f"app.do('{action.id}')")

    def action_at(self, x: int) -> Action | None:
        """Which action is drawn at a cell."""
        for action, possible in self._keys:
            width = self._text(action, possible).cell_length
            if 0 <= x < width:
                return action
            x -= width + len(GAP)
        return None

    def _text(self, action: Action, possible: bool) -> Content:
        key = key_name(action.keys[0])
        if not possible:
            return line((f"{key} {action.name}", "$foreground 40%"))
        return line((key, "bold $accent"), " ", action.name)
