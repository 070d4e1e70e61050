"""What a screen says instead of numbers: nothing there yet, or nothing to be had. Always with the next steps."""

from textual.content import Content
from textual.widgets import Static

from app.console.content import line, lines, plain
from app.console.snapshot import Problem


class Notice(Static):
    """A title and what to do, in the middle of the screen."""

    DEFAULT_CSS = """
    Notice { height: 1fr; width: 100%; content-align: center middle; padding: 1 4; }
    """

    def show(self, content: Content) -> None:
        self.update(content)


def steps(title: str, *what_to_do: tuple[str, str]) -> Content:
    """A title and numbered steps; each is (what, how)."""
    rows: list[Content] = [plain(title, "bold"), Content("")]
    for number, (what, how) in enumerate(what_to_do, 1):
        rows += (
            [line((f"{number}  ", "$accent"), what), line("   ", (how, "bold $accent"))]
            if how
            else [line((f"{number}  ", "$accent"), what)]
        )
    return lines(*rows)


def first_steps(listen: str | None) -> Content:
    """There has never been a call today."""
    url = listen or "http://127.0.0.1:4000"
    return steps(
        "No calls yet today (UTC). Three next steps:",
        ("make a key for an app", "gatewatch keys create my-app --team search --create-team"),
        ("change its base URL; nothing else", f"{url}/v1"),
        ("or look at made-up traffic first", "gatewatch demo"),
    )


def nothing_in_window(span: str, calls_today: str) -> Content:
    """Calls today, but none in the window."""
    return steps(
        f"No calls in the last {span}; {calls_today} today (UTC). Three next steps:",
        ("take a longer window", "w"),
        ("look at the last calls", "2"),
        ("ask what is configured and what works", "gatewatch doctor"),
    )


def nothing_matches(where: str) -> Content:
    """A filter that no call meets."""
    return steps(
        "No call matches this filter. Three next steps:",
        ("the filter", where),
        ("change it", "/"),
        ("see all calls again", ":calls"),
    )


def failed(problem: Problem) -> Content:
    """Nothing to show, and why."""
    doctor = ("find out more", "gatewatch doctor")
    wait = ("or wait: this console asks again every second, and goes on by itself", "")
    if problem.unreachable:
        return steps(problem.title, ("start the gateway", "gatewatch serve"), doctor, wait)
    return steps(problem.title, (problem.next_step or "the gateway answers, its ledger does not", ""), doctor, wait)


def problem_line(problem: Problem) -> Content:
    """One or two lines above numbers that are getting old."""
    what = line((f"✗ {problem.title}", "$error"))
    return line(what, "  ", problem.next_step, "  The numbers below are from before.")
