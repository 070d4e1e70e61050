"""One line to type a link (`:`) or a filter (`/`) into. A mistake is shown under it, pointing at the column."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from app.console.content import line, lines, plain
from app.console.links import Link
from app.console.widgets.still import Still
from gatewatch.errors import UsageError
from gatewatch.filters import FilterError
from gatewatch.safe_text import safe

EXAMPLES = {
    "link": ":overview   :calls team=search status>=400   :call 01930b2e-…",
    "filter": "team=search status>=400   model~gpt !stream=yes   cost>0.05 latency>2s   status=error",
}
PROMPTS = {"link": ":", "filter": "/"}


class TypedLine(Input):
    """What is typed or pasted is harmless before it is shown."""

    def validate_value(self, value: str) -> str:
        return safe(value)


class CommandLine(Vertical):
    """Hidden until it is opened; escape closes it and changes nothing."""

    DEFAULT_CSS = """
    CommandLine { height: auto; display: none; background: $panel; }
    CommandLine.-open { display: block; }
    CommandLine Input { height: 1; border: none; padding: 0; background: $panel; width: 1fr; margin-left: 3; }
    CommandLine Input:focus { border: none; }
    CommandLine > .command--prompt { height: 1; width: 2; offset: 1 0; dock: left; text-style: bold; color: $accent; }
    CommandLine > .command--note { height: auto; margin-left: 3; color: $foreground 65%; }
    """

    class Went(Message):
        """A link was typed that leads somewhere."""

        def __init__(self, link: Link) -> None:
            super().__init__()
            self.link = link

    class Closed(Message):
        """Closed without going anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self._kind = "link"

    def compose(self) -> ComposeResult:
        yield Still(classes="command--prompt")
        yield TypedLine(select_on_focus=False)
        yield Still(classes="command--note")

    def open(self, kind: str, text: str = "") -> None:
        """`kind` is `link` or `filter`; `text` is what stands there already."""
        self._kind = kind
        self.query_one(".command--prompt", Still).show(plain(PROMPTS[kind]))
        self.query_one(".command--note", Still).show(plain(EXAMPLES[kind]))
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)
        self.add_class("-open")
        field.focus()

    def close(self) -> None:
        self.remove_class("-open")
        self.post_message(self.Closed())

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape" and self.is_open:
            event.stop()
            self.close()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.value
        try:
            link = Link.parse(typed if self._kind == "link" else f":calls {typed}")
        except UsageError as error:
            self._refuse(error, typed)
            return
        self.close()
        self.post_message(self.Went(link))

    def _refuse(self, error: UsageError, typed: str) -> None:
        """Put the cursor where the mistake is, and a mark under it."""
        pointer = Content("")
        message = error.title
        if isinstance(error, FilterError):
            begin = 0 if self._kind == "filter" else typed.find(" ") + 1
            begin += len(typed[begin:]) - len(typed[begin:].lstrip())
            place = begin + error.column - 1
            message = error.title.partition(": ")[2]
            self.query_one(Input).cursor_position = place
            pointer = line((" " * place + "▲", "$error"))
        said = line((f"✗ {message}", "$error"))
        rows = [
            row for row in (pointer, said, plain(error.next_step) if not pointer and error.next_step else None) if row
        ]
        self.query_one(".command--note", Still).show(lines(*rows))
