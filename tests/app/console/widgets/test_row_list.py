"""A list of rows: its cursor, its columns, what it paints."""

from typing import Any

from textual.app import App, ComposeResult

from app.console.content import plain
from app.console.figures import Row
from app.console.widgets.row_list import Column, RowList

COLUMNS = [
    Column("name", 6, lambda row: plain(row["name"]), grow=1),
    Column("n", 4, lambda row: plain(row["n"]), right=True),
    Column("wide", 6, lambda row: plain("wide"), from_width=40),
    Column("slim", 6, lambda row: plain("slim"), below_width=40),
]


def rows(*numbers: int) -> list[Row]:
    return [{"name": f"row {number}", "n": number} for number in numbers]


class Listed(App[None]):
    """One list of seven lines: a header and six rows."""

    CSS = "RowList { width: 30; height: 7; }"

    def __init__(self) -> None:
        super().__init__()
        self.list = RowList(COLUMNS, lambda row: str(row["n"]))
        self.heard: list[Any] = []

    def compose(self) -> ComposeResult:
        yield self.list

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        self.heard.append(("opened", message.row["n"]))

    def on_row_list_end_reached(self) -> None:
        self.heard.append("end")

    async def action_do(self, action_id: str) -> None:
        """As the console does it, without conditions."""
        from app.console.actions import ACTIONS

        await self.run_action(ACTIONS[action_id].run)

    def text(self) -> list[str]:
        return [self.list.render_line(y).text.rstrip(" ┃") for y in range(7)]


async def test_columns_are_aligned_and_those_that_do_not_fit_are_left_out() -> None:
    app = Listed()
    async with app.run_test():
        app.list.show([{"name": "a name that is far too long", "n": 12_345}])
        assert app.text()[:2] == ["name                 n slim", "a name that is f… 123… slim"]
    app = Listed()
    app.CSS = "RowList { width: 50; height: 7; }"
    async with app.run_test():
        assert app.text()[0].split() == ["name", "n", "wide"]


async def test_the_cursor_goes_where_the_keys_say() -> None:
    app = Listed()
    async with app.run_test() as pilot:
        app.list.show(rows(*range(20)))
        seen = []
        for key in ("down", "pagedown", "up", "end", "pageup", "home"):
            await pilot.press(key)
            seen.append(app.list.cursor)
        assert seen == [1, 6, 5, 19, 14, 0]


async def test_going_on_past_the_last_row_is_told() -> None:
    app = Listed()
    async with app.run_test() as pilot:
        app.list.show(rows(0, 1))
        await pilot.press("down")
        assert app.heard == []
        await pilot.press("down")
        assert app.heard == ["end"]
        assert app.list.cursor == 1


async def test_an_empty_list_has_no_row_and_no_end() -> None:
    app = Listed()
    async with app.run_test() as pilot:
        await pilot.press("down", "pagedown", "end", "home", "enter")
        assert app.list.row is None
        assert app.heard == []


async def test_rows_that_come_in_above_move_nothing_under_the_cursor() -> None:
    app = Listed()
    async with app.run_test() as pilot:
        app.list.show(rows(*range(20)))
        await pilot.press(*["down"] * 8)
        before = app.text()
        app.list.show(rows(*range(-5, 20)))
        assert app.list.row == {"name": "row 8", "n": 8}
        assert app.text() == before


async def test_a_row_that_goes_leaves_the_cursor_at_its_place() -> None:
    app = Listed()
    async with app.run_test() as pilot:
        app.list.show(rows(0, 1, 2))
        await pilot.press("down")
        app.list.show(rows(0, 2))
        assert app.list.row == {"name": "row 2", "n": 2}
        app.list.show([])
        assert app.list.row is None


async def test_enter_opens_and_so_does_a_double_click() -> None:
    app = Listed()
    async with app.run_test() as pilot:
        app.list.show(rows(*range(20)))
        await pilot.press("down", "enter")
        await pilot.click(app.list, offset=(3, 4), times=2)
        await pilot.click(app.list, offset=(3, 0), times=2)
        assert app.heard == [("opened", 1), ("opened", 3)]


async def test_the_wheel_moves_the_cursor() -> None:
    app = Listed()
    async with app.run_test() as pilot:
        app.list.show(rows(*range(20)))
        await pilot._post_mouse_events([_wheel_down()], app.list, button=0)
        assert app.list.cursor == 3


async def test_only_lines_that_changed_are_painted() -> None:
    app = Listed()
    async with app.run_test() as pilot:
        app.list.show(rows(*range(6)))
        await pilot.pause()
        painted: list[int] = []
        refresh = app.list.refresh
        app.list.refresh = lambda *regions, **_: painted.extend(r.y for r in regions) or refresh(*regions)  # type: ignore[method-assign, func-returns-value, assignment]
        app.list.show(rows(*range(6)))
        assert painted == []
        app.list.show([*rows(0, 1), {"name": "new", "n": 2}, *rows(3, 4, 5)])
        assert painted == [3]


async def test_a_list_that_was_filled_while_it_was_hidden_is_drawn() -> None:
    app = Listed()
    async with app.run_test(size=(40, 10)) as pilot:
        app.list.show(rows(1))
        await pilot.pause()
        app.list.show([])
        await pilot.pause()
        app.list.display = False
        await pilot.pause()
        app.list.show(rows(2))
        await pilot.pause()
        app.list.display = True
        await pilot.pause()
        strips = list(app.screen._compositor.render_strips())
        assert "row 2" in strips[1].text


def _wheel_down() -> Any:
    from textual.events import MouseScrollDown

    return MouseScrollDown


async def test_the_first_rows_of_a_list_stay_in_sight_when_others_overtake_them() -> None:
    app = Listed()
    async with app.run_test():
        app.list.show(rows(1, 2, 3))
        app.list.show(rows(7, 1, 2, 3))
        assert app.text()[1].startswith("row 7")
        assert app.list.row == {"name": "row 1", "n": 1}
