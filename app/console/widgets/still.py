"""Text that is repainted only when it has changed: over SSH every repainted cell costs."""

from textual.content import Content
from textual.widgets import Static


class Still(Static):
    """Shows one content."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown = Content("")

    def show(self, content: Content) -> None:
        """Replace what is shown."""
        if content.is_same(self._shown):
            return
        before, self._shown = self._shown, content
        wider = self.styles.is_auto_width and content.cell_length != before.cell_length
        higher = self.styles.is_auto_height and content.plain.count("\n") != before.plain.count("\n")
        self.update(content, layout=wider or higher)
