"""Are you sure? Names what will be different; enter or y does it, anything else that closes it does not."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from app.console.content import line, lines, plain


class ConfirmScreen(ModalScreen[bool]):
    """Above whatever is shown."""

    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("y,enter", "dismiss(True)", "do it", show=False),
        Binding("n,escape,q,ctrl+c", "dismiss(False)", "leave it", show=False),
    ]

    def __init__(self, question: Content) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        keys = line(("y", "bold $accent"), " do it   ", ("esc", "bold $accent"), " leave it as it is")
        with VerticalScroll(id="confirm"):
            yield Static(lines(self._question, plain(""), keys))
