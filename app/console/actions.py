"""Everything that can be done in the console, by id: key bindings, footer, `?`, the palette and the table in
docs/console.md are all made from this list.

An action belongs to places: `everywhere`, screens, or `list` (the rows that have the focus). Where it is not possible
just now, its condition says why, and the operator reads that reason instead of nothing happening.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Situation:
    """What decides whether an action is possible."""

    read_only: bool = False
    selected: bool = False
    """A row is under the cursor, or one call is shown."""
    can_go_back: bool = False
    no_older: bool = False
    """The list ends with the oldest call that matches."""


Condition = Callable[[Situation], str | None]
"""Why not, or None."""


@dataclass(frozen=True)
class Action:
    """One thing to do."""

    id: str
    name: str
    """One or two words, for the footer."""
    help: str
    keys: tuple[str, ...]
    """The defaults, in Textual's names; the first is the one that is shown."""
    run: str
    """A Textual action."""
    places: tuple[str, ...]
    unless: Condition | None = None
    changes: bool = False
    """Changes something in the gateway: with --read-only it is not there."""

    def is_there(self, read_only: bool) -> bool:
        """Whether a console has it at all: no key, no hint, no line of help and no entry of the palette otherwise."""
        return not (self.changes and read_only)

    def reason_against(self, situation: Situation) -> str | None:
        """Why it cannot be done now; None when it can."""
        if not self.is_there(situation.read_only):
            return "this console is read-only"
        return self.unless(situation) if self.unless else None


def _nothing_selected(now: Situation) -> str | None:
    return None if now.selected else "there is no call here"


def _no_route(now: Situation) -> str | None:
    return None if now.selected else "there is no route here"


def _empty(now: Situation) -> str | None:
    return None if now.selected else "the list is empty"


def _at_the_start(now: Situation) -> str | None:
    return None if now.can_go_back else "this is where it began"


def _oldest_shown(now: Situation) -> str | None:
    return "there are no older calls that match" if now.no_older else None


EVERYWHERE = ("everywhere",)
LIST = ("list",)

_ACTIONS = (
    Action("list.open", "open", "Open what is under the cursor", ("enter",), "focused.open", LIST, _empty),
    Action("list.up", "up", "One row up", ("up",), "focused.move(-1)", LIST),
    Action("list.down", "down", "One row down", ("down",), "focused.move(1)", LIST),
    Action("list.page_up", "page up", "One page up", ("pageup",), "focused.page(-1)", LIST),
    Action(
        "list.page_down",
        "page down",
        "One page down; past the last call it loads older ones",
        ("pagedown",),
        "focused.page(1)",
        LIST,
    ),
    Action(
        "list.first", "first", "First row; in the calls it follows the newest again", ("home",), "focused.first", LIST
    ),
    Action("list.last", "last", "Last row", ("end",), "focused.last", LIST),
    Action(
        "overview.window",
        "window",
        "Next window: 5 min, 15 min, 1 h, 6 h, 24 h, 7 d",
        ("w",),
        "screen.next_window",
        ("overview",),
    ),
    Action(
        "overview.measure",
        "chart",
        "Next chart: latency, TTFT, requests, spend, tokens",
        ("m",),
        "screen.next_measure",
        ("overview",),
    ),
    Action("overview.next", "next list", "Next list", ("tab",), "app.focus_next", ("overview",)),
    Action("overview.previous", "previous list", "List before", ("shift+tab",), "app.focus_previous", ("overview",)),
    Action(
        "calls.filter",
        "filter",
        "Filter the list: `team=search status>=400`",
        ("slash",),
        "app.command('filter')",
        ("calls",),
    ),
    Action("calls.older", "older", "Load older calls", ("o",), "screen.older", ("calls",), _oldest_shown),
    Action("call.newer", "newer", "The call above this one in the list", ("k", "left"), "screen.step(-1)", ("call",)),
    Action("call.older", "older", "The call below this one in the list", ("j", "right"), "screen.step(1)", ("call",)),
    Action(
        "routes.roll_back",
        "roll back",
        "Put the version before in force on this route, or lift that; asks first",
        ("R",),
        "screen.roll_back",
        ("routes",),
        _no_route,
        changes=True,
    ),
    Action(
        "routes.drain",
        "drain",
        "No new calls to this target, on any route, or lift that; asks first",
        ("D",),
        "screen.drain",
        ("routes",),
        _no_route,
        changes=True,
    ),
    Action(
        "view.pause",
        "pause",
        "Freeze what is shown, or follow again",
        ("space",),
        "screen.pause",
        ("overview", "calls", "routes"),
    ),
    Action(
        "view.copy",
        "copy",
        "Copy the id of the call to the clipboard (OSC 52)",
        ("c",),
        "screen.copy_id",
        ("calls", "call"),
        _nothing_selected,
    ),
    Action("go.back", "back", "Back to where you came from", ("escape",), "app.go_back", EVERYWHERE, _at_the_start),
    Action("go.overview", "overview", "How the gateway is doing", ("1",), "app.go('overview')", EVERYWHERE),
    Action("go.calls", "calls", "Live list of calls", ("2",), "app.go('calls')", EVERYWHERE),
    Action("go.routes", "routes", "Where calls go", ("3",), "app.go('routes')", EVERYWHERE),
    Action(
        "go.link",
        "go to",
        "Go to a link: `:calls team=search status>=400`",
        ("colon",),
        "app.command('link')",
        EVERYWHERE,
    ),
    Action("help.keys", "help", "All keys and what they do", ("question_mark",), "app.help", EVERYWHERE),
    Action("help.palette", "palette", "Search for something to do", ("ctrl+p",), "app.command_palette", EVERYWHERE),
    Action(
        "app.suspend",
        "suspend",
        "Back to the shell for a while; `fg` returns",
        ("ctrl+z",),
        "app.suspend_process",
        EVERYWHERE,
    ),
    Action("app.quit", "quit", "Leave the console", ("q", "ctrl+q", "ctrl+c"), "app.quit", EVERYWHERE),
)

ACTIONS: dict[str, Action] = {action.id: action for action in _ACTIONS}
"""Id → action, in the order of help and documentation."""

FOOTERS: dict[str, tuple[str, ...]] = {
    "overview": (
        *("list.open", "overview.window", "overview.measure", "view.pause", "go.calls", "go.link"),
        *("help.keys", "app.quit"),
    ),
    "calls": (
        *("list.open", "calls.filter", "view.pause", "view.copy", "go.back", "go.link"),
        *("help.keys", "app.quit"),
    ),
    "routes": (
        *("list.open", "routes.roll_back", "routes.drain", "go.back", "go.link"),
        *("help.keys", "app.quit"),
    ),
    "call": ("go.back", "view.copy", "call.newer", "call.older", "go.link", "help.keys", "app.quit"),
}
"""Screen → what its footer shows, at most eight."""

PLACE_NAMES = {
    "everywhere": "Everywhere",
    "list": "In a list",
    "overview": "Overview",
    "calls": "Calls",
    "call": "One call",
    "routes": "Routes",
}

_KEY_NAMES = {
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "escape": "esc",
    "pageup": "page up",
    "pagedown": "page down",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def of_place(place: str, *, read_only: bool = False) -> list[Action]:
    """The actions of one place, in order."""
    return [action for action in ACTIONS.values() if place in action.places and action.is_there(read_only)]


def key_name(key: str) -> str:
    """A key as people call it."""
    return _KEY_NAMES.get(key, key)


def key_table() -> str:
    """Markdown: every key of every place. docs/console.md holds it between its markers."""
    rows = ["| where | key | what it does |", "|---|---|---|"]
    for place, place_name in PLACE_NAMES.items():
        for action in of_place(place):
            keys = " ".join(f"`{key_name(key)}`" for key in action.keys)
            rows.append(f"| {place_name} | {keys} | {action.help} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(key_table())
