"""The chart: its axes, its gaps, its colours."""

import pytest
from textual.app import App, ComposeResult

from app.console.widgets.chart import Chart, Curve, Plot, steps

TIMES = tuple(f"10:{minute:02d}" for minute in range(60))


class Drawn(App[None]):
    CSS = "Chart { width: 60; height: 12; padding: 0; }"

    def __init__(self) -> None:
        super().__init__()
        self.chart = Chart()

    def compose(self) -> ComposeResult:
        yield self.chart


def plot(*values: float | None, times: tuple[str, ...] | None = None) -> Plot:
    return Plot((Curve(values, "primary"),), times or TIMES[: len(values)], lambda value: f"{value:g} ms")


async def drawn(shown: Plot) -> list[str]:
    app = Drawn()
    async with app.run_test():
        app.chart.show(shown)
        return app.chart.render().plain.splitlines()


@pytest.mark.parametrize(
    ("top", "count", "expected"),
    [
        (0, 3, [0, 1]),
        (9.1, 3, [0, 5, 10]),
        (1840, 4, [0, 500, 1000, 1500, 2000]),
        (0.0021, 2, [0, 0.002, 0.004]),
        (1, 1, [0, 1]),
    ],
)
def test_the_axis_has_round_numbers_from_zero_on(top: float, count: int, expected: list[float]) -> None:
    assert steps(top, count) == pytest.approx(expected)


async def test_values_and_times_stand_on_the_axes() -> None:
    lines = await drawn(plot(*range(40)))
    assert len(lines) == 12
    assert max(map(len, lines)) <= 60
    assert "40 ms" in lines[0]
    assert lines[9].lstrip().startswith("0┤")
    assert "10:39" in lines[-1]


async def test_a_bucket_without_a_value_is_a_gap() -> None:
    flat = "".join(await drawn(plot(*[5.0] * 20)))
    gap = "".join(await drawn(plot(*[5.0] * 5, *[None] * 10, *[5.0] * 5)))
    assert dots(gap) < dots(flat) * 0.7


def dots(text: str) -> int:
    return sum("\u2801" <= letter <= "\u28ff" for letter in text)


@pytest.mark.parametrize("values", [(), (None, None), (3.0,)])
async def test_nothing_to_draw_is_said(values: tuple[float | None, ...]) -> None:
    assert "Nothing to draw yet" in "".join(await drawn(plot(*values)))


async def test_all_zero_is_a_line_at_zero() -> None:
    assert dots("".join(await drawn(plot(0.0, 0.0, 0.0)))) > 0


async def test_it_paints_no_background_of_its_own() -> None:
    app = Drawn()
    async with app.run_test():
        app.chart.show(plot(1.0, 2.0, 3.0))
        content = app.chart.render()
        styles = [app.chart._get_style(span.style) for span in content.spans]
        assert styles
        assert not [style for style in styles if style.background and style.background.a]


async def test_two_charts_do_not_mix() -> None:
    class Two(App[None]):
        CSS = "Chart { width: 60; height: 8; padding: 0; }"

        def compose(self) -> ComposeResult:
            yield Chart(id="a")
            yield Chart(id="b")

    app = Two()
    async with app.run_test(size=(80, 24)):
        a, b = app.query_one("#a", Chart), app.query_one("#b", Chart)
        a.show(plot(1.0, 2.0))
        b.show(plot(100.0, 400.0))
        assert "400 ms" in b.render().plain
        assert "400 ms" not in a.render().plain


async def test_the_same_plot_is_not_drawn_twice() -> None:
    app = Drawn()
    async with app.run_test():
        app.chart.show(plot(1.0, 2.0))
        assert app.chart.render() is app.chart.render()
