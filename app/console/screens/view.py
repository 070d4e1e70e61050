"""What every screen of the console has: status line, body or notice, command line, footer; and pausing.

Keeps true: a screen draws from its one snapshot and nothing else; while it is paused the body stands still and the
status line goes on.
"""

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.reactive import var
from textual.screen import Screen

from app.console.actions import ACTIONS, FOOTERS, Situation
from app.console.content import plain
from app.console.snapshot import Question, Snapshot
from app.console.widgets.command_line import CommandLine
from app.console.widgets.key_bar import KeyBar
from app.console.widgets.notice import Notice, failed, problem_line
from app.console.widgets.status_line import Standing, StatusLine
from app.console.widgets.still import Still

if TYPE_CHECKING:
    from app.console.app import ConsoleApp


class View(Screen[None]):
    """A screen that shows a snapshot."""

    PLACE: ClassVar[str]
    BINDINGS: ClassVar[list[BindingType]] = []
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide"), (140, "-wider")]  # noqa: RUF012 - Textual's way

    snapshot: var[Snapshot | None] = var(None)
    paused_us: var[int | None] = var(None)

    def __init__(self) -> None:
        super().__init__()
        self.command_line = CommandLine()
        self._status_line = StatusLine()
        self._banner = Still(id="banner")
        self._problem = Still(id="problem")
        self._body = Container(id="body")
        self._notice = Notice(id="notice")
        self._key_bar = KeyBar()

    def compose(self) -> ComposeResult:
        yield self._banner
        yield self._status_line
        yield self._problem
        with self._body:
            yield from self.compose_body()
        yield self._notice
        yield self.command_line
        yield self._key_bar

    def compose_body(self) -> ComposeResult:
        """The widgets of the body."""
        raise NotImplementedError

    def draw(self, snapshot: Snapshot) -> Content | None:
        """Show a snapshot in the body; or return what to say instead of it."""
        raise NotImplementedError

    def question(self) -> Question:
        """What this screen wants to know."""
        raise NotImplementedError

    def crumbs(self) -> list[str]:
        """Where one is."""
        raise NotImplementedError

    def situation(self) -> Situation:
        """What decides which actions are possible."""
        return Situation(read_only=self.console.read_only, can_go_back=self.console.can_go_back)

    def newer(self) -> int:
        """How much came in while paused."""
        return 0

    @property
    def console(self) -> "ConsoleApp":
        return cast("ConsoleApp", self.app)

    def on_mount(self) -> None:
        self._banner.display = self.console.banner is not None
        self._banner.show(plain(self.console.banner or ""))
        self._problem.display = False
        self.say_nothing_yet()
        self.update_frame()

    def say_nothing_yet(self) -> None:
        self._instead(plain("connecting…"))

    def on_screen_resume(self) -> None:
        self.console.poll()
        self.update_frame()

    def watch_snapshot(self, snapshot: Snapshot | None) -> None:
        if snapshot is None:
            return
        if self.paused_us is None:
            never = snapshot.answered_us is None and snapshot.problem is not None
            instead = failed(snapshot.problem) if never and snapshot.problem else self.draw(snapshot)
            self._instead(instead)
            problem = snapshot.problem if instead is None else None
            self._problem.display = problem is not None
            self._problem.show(problem_line(problem) if problem else Content(""))
        self.update_frame()

    def watch_paused_us(self) -> None:
        self.watch_snapshot(self.snapshot)

    def action_pause(self) -> None:
        self.paused_us = self.console.now_us() if self.paused_us is None else None

    def update_frame(self) -> None:
        """Status line and footer."""
        console = self.console
        standing = Standing(console.now_us(), console.asked_us, self.paused_us, self.newer(), console.read_only)
        self._status_line.show(self.crumbs(), self.snapshot, standing)
        situation = self.situation()
        keys = [ACTIONS[name] for name in FOOTERS[self.PLACE] if ACTIONS[name].is_there(console.read_only)]
        self._key_bar.show([(key, key.reason_against(situation) is None) for key in keys])

    def _instead(self, content: Content | None) -> None:
        """Show the body, or a notice in its place. What is hidden loses the keys, so the body gets them back."""
        appears = content is None and not self._body.display
        self._body.display = content is None
        self._notice.display = content is not None
        if content is not None:
            self._notice.show(content)
        if appears and not self.command_line.is_open:
            self.focus_body()

    def on_command_line_went(self, message: CommandLine.Went) -> None:
        message.stop()
        self.console.go(message.link)

    def on_command_line_closed(self, message: CommandLine.Closed) -> None:
        message.stop()
        self.focus_body()

    def focus_body(self) -> None:
        """Give the keys back to the body."""
        self.set_focus(None)
