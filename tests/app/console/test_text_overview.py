"""The overview as text: the same numbers as on the screen, without Textual."""

import io
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

from app.console.snapshot import look_over
from app.console.text_overview import overview_text, print_overview
from tests.kit.console_stage import HOSTILE, LIVE, NOW, busy, console, empty, hostile, matches_snapshot


def test_it_reads_from_top_to_bottom(tmp_path: Path) -> None:
    source = busy(tmp_path)
    overview, fresh = look_over(source, "15 min", NOW)
    matches_snapshot("text-overview", overview_text(overview, fresh, LIVE).rstrip("\n"))
    source.close()


async def test_the_screen_shows_the_same_figures(tmp_path: Path) -> None:
    source = busy(tmp_path)
    overview, fresh = look_over(source, "15 min", NOW)
    text = overview_text(overview, fresh, LIVE)
    async with console(source, (160, 48)) as stage:
        screen = stage.text()
    for name in ("requests/s", "p50", "p95", "p99", "TTFT p50", "TTFT p95", "error rate", "blocked"):
        (line,) = [line for line in text.splitlines() if line.startswith(f"{name}  ")]
        assert re.split(r"\s{2,}", line)[-1] in screen, name
    for line in text.splitlines():
        if line.startswith(("claude", "gpt-4o ", "support", "research", "growth")):
            for figure in line.split()[1:]:
                assert figure in screen, line


def test_nothing_has_happened_yet(tmp_path: Path) -> None:
    source = empty(tmp_path)
    overview, fresh = look_over(source, "15 min", NOW)
    text = overview_text(overview, fresh, None)
    assert "no gateway is running" in text
    assert "top by" not in text
    source.close()


def test_hostile_names_are_harmless_in_a_terminal(tmp_path: Path) -> None:
    source = hostile(tmp_path)
    overview, fresh = look_over(source, "15 min", NOW)
    text = overview_text(overview, fresh, source.live_state)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "␛]52;c;" in text
    assert HOSTILE not in text
    source.close()


def test_it_goes_to_stdout(tmp_path: Path) -> None:
    source = busy(tmp_path)
    with redirect_stdout(io.StringIO()) as printed:
        print_overview(source, None)
    assert printed.getvalue().startswith("Gatewatch, ")
    source.close()


def test_it_draws_nothing() -> None:
    script = "import sys, app.console.text_overview; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"textual", "rich", "plotext", "polars", "duckdb", "httpx"} & set(done.stdout.split())
