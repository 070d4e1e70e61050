"""The console's app: modes, one poller, and the way from key to action.

Keeps true: one question is under way at a time, asked in a thread that touches no widget; its snapshot goes to the
screen in front and nowhere else; nothing is asked while the console is suspended.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from textual import work
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from app.console.actions import ACTIONS, of_place
from app.console.bindings import bindings_of
from app.console.links import Link, Place
from app.console.palette import LinkProvider
from app.console.screens.call import CallScreen
from app.console.screens.calls import CallsScreen
from app.console.screens.confirm import ConfirmScreen
from app.console.screens.help import HelpScreen
from app.console.screens.overview import OverviewScreen
from app.console.screens.routes import RoutesScreen
from app.console.screens.view import View
from app.console.snapshot import Problem, Question, Snapshot, Source, take
from gatewatch.errors import GatewatchError
from gatewatch.safe_text import safe

POLL_SECONDS = 1.0
MOST_STEPS_BACK = 50


class SnapshotTaken(Message):
    """The poller has a new snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot


class Performed(Message):
    """An action was performed, or was refused."""

    def __init__(self, then: Callable[[Any], None], answer: Any, error: GatewatchError | None) -> None:
        super().__init__()
        self.then, self.answer, self.error = then, answer, error


class GoTo(Message):
    """Show another place. `replace`: it takes the place of this one on the way back."""

    def __init__(self, link: Link, *, replace: bool, back: bool) -> None:
        super().__init__()
        self.link, self.replace, self.back = link, replace, back


class ConsoleApp(App[None]):
    """The console on one gateway."""

    TITLE = "Gatewatch"
    MODES: ClassVar = {"overview": OverviewScreen, "calls": CallsScreen, "routes": RoutesScreen}
    DEFAULT_MODE = "overview"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("everywhere")]
    COMMANDS: ClassVar = App.COMMANDS | {LinkProvider}
    CSS_PATH: ClassVar = [
        *("app.tcss", "screens/view.tcss", "screens/overview.tcss", "screens/calls.tcss"),
        *("screens/call.tcss", "screens/help.tcss", "screens/routes.tcss", "screens/confirm.tcss"),
    ]

    def __init__(
        self,
        source: Source,
        *,
        begin: Link | None = None,
        read_only: bool = False,
        banner: str | None = None,
        poll_seconds: float | None = POLL_SECONDS,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """`poll_seconds` None: only asks when told to. `now_us` is the clock."""
        super().__init__()
        self.read_only = read_only
        self.banner = banner
        self.now_us = now_us
        self.asked_us: int | None = None
        """When the question that is under way was asked."""
        self._source = source
        self._begin = begin
        self._poll_seconds = poll_seconds
        self._last: Snapshot | None = None
        self._ask_again = False
        self._here = Link("overview")
        self._trail: list[Link] = []

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._ended_by, number)
        if self._poll_seconds is not None:
            self.poll_with(self.set_interval(self._poll_seconds, self.tick))
        if self._begin:
            self.go(self._begin)

    def on_unmount(self) -> None:
        self._source.close()

    def _ended_by(self, number: int) -> None:
        self.exit(return_code=128 + number)

    @property
    def view(self) -> View | None:
        """The screen in front, not counting what lies over it for a moment."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, View)), None)

    # The poller

    def poll_with(self, timer: Timer) -> None:
        """The timer that asks stands still while the console is suspended (ctrl+z); then all is painted anew."""
        self.app_suspend_signal.subscribe(self, lambda _: timer.pause(), immediate=True)
        self.app_resume_signal.subscribe(self, lambda _: timer.resume(), immediate=True)
        self.app_resume_signal.subscribe(self, self._paint_all)

    def _paint_all(self, _: object) -> None:
        """The shell has written over everything."""
        self.refresh(layout=True)

    def tick(self) -> None:
        """Ask; while there is no answer yet, the status line goes on by itself."""
        if self.asked_us is not None and self.view:
            self.view.update_frame()
        self.poll()

    def poll(self) -> None:
        """Ask what the screen in front wants, at once or as soon as the question under way is answered."""
        if self.view is None or not self.is_running:
            return
        if self.asked_us is not None:
            self._ask_again = True
            return
        self.asked_us = self.now_us()
        self._take(self.view.question(), self._last, self.asked_us)

    @work(thread=True, exit_on_error=False, group="poller")
    def _take(self, question: Question, before: Snapshot | None, now_us: int) -> None:
        self.post_message(SnapshotTaken(take(self._source, question, before, now_us)))

    def on_snapshot_taken(self, message: SnapshotTaken) -> None:
        self._answered(message.snapshot)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What `take` did not expect is a fault of ours; it is shown, and the console lives on."""
        if event.state is WorkerState.ERROR and event.worker.group == "poller":
            title = f"The console could not read the answer: {event.worker.error!r}"
            problem = Problem(title, "Please report this.", self.now_us(), unreachable=False)
            before = self._last or Snapshot(self.now_us(), Question())
            self._answered(Snapshot(**{**vars(before), "problem": before.problem or problem}))

    def _answered(self, snapshot: Snapshot) -> None:
        self.asked_us = None
        self._last = snapshot
        if self.view:
            self.view.snapshot = snapshot
        if self._ask_again:
            self._ask_again = False
            self.poll()

    # Deeds

    @work(thread=True, exit_on_error=False, group="deed")
    def perform(self, action: str, then: Callable[[Any], None], **asked: object) -> None:
        """Perform an operator's action beside everything else; `then` gets its answer. A refusal is said."""
        try:
            self.post_message(Performed(then, self._source.perform(action, **asked), None))
        except GatewatchError as error:
            self.post_message(Performed(then, None, error))

    def on_performed(self, message: Performed) -> None:
        if message.error is not None:
            self.say(f"{message.error.title}. {message.error.next_step}", "error")
        else:
            message.then(message.answer)

    def confirm(self, question: Content, then: Callable[[], object]) -> None:
        """Ask before something is changed; `then` where the answer is yes."""

        def answered(yes: bool | None) -> None:
            if yes:
                then()

        self.push_screen(ConfirmScreen(question), answered)

    # Places

    @property
    def can_go_back(self) -> bool:
        return bool(self._trail)

    def go(self, link: Link, *, replace: bool = False) -> None:
        """Show a place."""
        self.post_message(GoTo(link, replace=replace, back=False))

    async def on_go_to(self, message: GoTo) -> None:
        link = message.link
        if not message.back and not message.replace and link != self._here:
            self._trail = [*self._trail, self._here][-MOST_STEPS_BACK:]
        self._here = link
        mode = "calls" if link.place == "call" else link.place
        if self.current_mode != mode:
            await self.switch_mode(mode)
        if link.place == "call":
            await self._show_call(link.argument)
        elif isinstance(self.view, CallScreen):
            await self.pop_screen()
        if isinstance(self.view, CallsScreen) and link.argument != self.view.where:
            self.view.filter_by(link.argument)
        if self.view:
            self.view.update_frame()

    async def _show_call(self, call_id: str) -> None:
        if isinstance(self.view, CallScreen):
            self.view.show_call(call_id)
        else:
            await self.push_screen(CallScreen(call_id))

    def step_in_calls(self, by: int) -> str | None:
        """The id of the next call in the list below; says so where there is none."""
        below = self._calls_below()
        call_id = below.step(by) if below else None
        if call_id is None:
            self.say("There is no further call in the list")
        return call_id

    def where_in_calls(self) -> str:
        """The filter of the list below."""
        below = self._calls_below()
        return below.where if below else ""

    def _calls_below(self) -> CallsScreen | None:
        return next((screen for screen in self.screen_stack if isinstance(screen, CallsScreen)), None)

    # Actions

    async def action_do(self, action_id: str) -> None:
        """Run an action of the registry, or say why not."""
        action = ACTIONS[action_id]
        if not action.is_there(self.read_only):
            return
        reason = action.reason_against(self.view.situation()) if self.view else None
        if reason:
            self.say(f"{key_hint(action_id)}: {reason}", "warning")
            return
        await self.run_action(action.run)

    def action_help_quit(self) -> None:
        """ctrl+c, where nothing is selected to be copied: it leaves, as anywhere else in a terminal."""
        self.exit()

    def action_go(self, place: Place) -> None:
        self.go(Link(place))

    def action_go_back(self) -> None:
        if self._trail:
            self.post_message(GoTo(self._trail.pop(), replace=False, back=True))

    def action_command(self, kind: str) -> None:
        if self.view:
            where = self.view.where if kind == "filter" and isinstance(self.view, CallsScreen) else ""
            self.view.command_line.open(kind, where)

    def action_help(self) -> None:
        if self.view:
            self.push_screen(HelpScreen(self.view.PLACE, self.view.situation()))

    def copy_id(self, call_id: str) -> None:
        """To the clipboard of the operator's terminal; there is no receipt, so the id is shown as well."""
        self.copy_to_clipboard(call_id)
        self.say(f"Copied {call_id}. If your terminal does not take OSC 52, select it here.")

    def say(self, text: str, severity: SeverityLevel = "information") -> None:
        """A toast. The one way to make one."""
        self.notify(safe(text), severity=severity, markup=False)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: every action of this screen, then the themes."""
        del screen
        place = self.view.PLACE if self.view else "overview"
        for action in (action for each in (place, "everywhere") for action in of_place(each, read_only=self.read_only)):
            if action.id != "help.palette":
                yield SystemCommand(action.help.replace("`", ""), action.name, lambda id=action.id: self.action_do(id))
        yield SystemCommand("Change the theme", "theme", self.action_change_theme)


def key_hint(action_id: str) -> str:
    """How an action is called in a refusal."""
    return f"Cannot {ACTIONS[action_id].name}"
