"""`?`: every key, from the action registry; what the marks mean; how a filter is written."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from app.console.actions import PLACE_NAMES, Situation, key_name, of_place
from app.console.content import line, lines, plain

KEY_CELLS = 16

MARKS = (
    ("●", "good: ok, cached"),
    ("▲", "look here: blocked, truncated, client closed, an alarm, an unpriced call"),
    ("✗", "failed: error, interrupted"),
    ("≥", "at least so much: some of these calls are unpriced"),
    ("–", "not known, or there is none"),
)
FILTERS = (
    ("team=search status>=400", "both; a space is and"),
    ("model~gpt | route=bot", "either; ~ is contains"),
    ("!stream=yes error=upstream_timeout", "! is not"),
    ("cost>0.05 latency>2s tag:env=prod", "money, times, tags"),
    ('"free text"', "anywhere"),
)


class HelpScreen(ModalScreen[None]):
    """Above whatever is shown; any of its keys closes it."""

    BINDINGS = [Binding("escape,q,question_mark", "app.pop_screen", "close", show=False)]  # noqa: RUF012 - Textual's way

    def __init__(self, place: str, situation: Situation) -> None:
        super().__init__()
        self._place = place
        self._situation = situation

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Static(help_text(self._place, self._situation))


def help_text(place: str, situation: Situation) -> Content:
    """The keys of a place first, then those of lists and those that work everywhere."""
    rows: list[Content] = []
    for each in (place, "list", "everywhere"):
        rows += [
            plain(PLACE_NAMES[each], "bold"),
            *(_key(action.id, each, situation) for action in of_place(each, read_only=situation.read_only)),
            plain(""),
        ]
    rows += [plain("Marks", "bold"), *(_pair(sign, meaning) for sign, meaning in MARKS), plain("")]
    rows += [plain("Filters", "bold"), *(line((f"  {how:38}", "$accent"), what) for how, what in FILTERS), plain("")]
    rows.append(plain("esc closes this. All times are UTC.", "$foreground 65%"))
    return lines(*rows)


def _key(action_id: str, place: str, situation: Situation) -> Content:
    action = next(action for action in of_place(place) if action.id == action_id)
    reason = action.reason_against(situation)
    keys = " ".join(key_name(key) for key in action.keys)
    return _pair(keys, action.help.replace("`", ""), f"  (not now: {reason})" if reason else "")


def _pair(left: str, right: str, note: str = "") -> Content:
    return line((f"  {left:{KEY_CELLS}}", "$accent"), right, (note, "$warning"))
