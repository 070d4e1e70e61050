"""Rows under a cursor: top models, the live list of calls, anything that is chosen from.

Keeps true:
- only the visible lines are drawn, and of those only the ones that have changed are repainted;
- the cursor stays on its row (by key); in a list that is scrolled that row stays where it is on the screen, however
  many rows come in above, and in one that is not the first rows stay in sight;
- columns that do not fit are left out as a whole, the rest is cut with an ellipsis, never wrapped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from app.console.bindings import bindings_of
from app.console.content import plain
from app.console.figures import Row

GAP = 1


@dataclass(frozen=True)
class Column:
    """One column of a list."""

    title: str
    width: int
    """Cells; at least so many where `grow` is set."""
    cell: Callable[[Row], Content]
    right: bool = False
    from_width: int = 0
    """Left out where the list is narrower than this."""
    below_width: int = 10_000
    """Left out where the list is as wide as this."""
    grow: int = 0
    """Its share of the cells that are left over."""


class RowList(Widget, can_focus=True):
    """A list with a header line."""

    COMPONENT_CLASSES = {"row-list--header", "row-list--cursor", "row-list--thumb"}  # noqa: RUF012 - Textual's way
    BINDINGS = bindings_of("list")  # type: ignore[assignment]  # the list's element types are wider there
    DEFAULT_CSS = """
    RowList { height: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    RowList > .row-list--header { color: $foreground 65%; text-style: bold; }
    RowList > .row-list--cursor { background: $foreground 10%; }
    RowList:focus > .row-list--cursor { background: $primary 45%; text-style: bold; }
    RowList:nocolor:focus > .row-list--cursor { text-style: reverse; }
    RowList > .row-list--thumb { color: $foreground 40%; }
    """

    class Opened(Message):
        """Enter or a double click on a row."""

        def __init__(self, rows: "RowList", row: Row) -> None:
            super().__init__()
            self.rows, self.row = rows, row

        @property
        def control(self) -> "RowList":
            return self.rows

    class Moved(Message):
        """The operator moved the cursor."""

        def __init__(self, rows: "RowList") -> None:
            super().__init__()
            self.rows = rows

    class EndReached(Message):
        """The operator wants to go on past the last row."""

        def __init__(self, rows: "RowList") -> None:
            super().__init__()
            self.rows = rows

    def __init__(self, columns: Sequence[Column], key: Callable[[Row], str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._key = key
        self._rows: tuple[Row, ...] = ()
        self._keys: list[str] = []
        self._cursor = 0
        self._top = 0

    @property
    def rows(self) -> tuple[Row, ...]:
        return self._rows

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self._cursor] if self._rows else None

    @property
    def cursor(self) -> int:
        """Which row the cursor is on, from 0."""
        return self._cursor

    def show(self, rows: Sequence[Row], *, from_top: bool = False) -> None:
        """Replace the rows. The cursor keeps its row, or with `from_top` goes to the first."""
        before = self._visible()
        key = self._keys[self._cursor] if self._keys else None
        self._rows = tuple(rows)
        self._keys = [self._key(row) for row in self._rows]
        if from_top or key not in self._keys:
            self._cursor = 0 if from_top else min(self._cursor, max(0, len(self._rows) - 1))
            self._top = 0 if from_top else self._top
        else:
            moved = self._keys.index(key) - self._cursor
            self._cursor += moved
            self._top += moved if self._top else 0
        self._keep_cursor_visible()
        self._repaint(before)

    def select(self, index: int) -> None:
        """Put the cursor on a row, as near as there is one."""
        before = self._visible()
        self._cursor = max(0, min(index, len(self._rows) - 1))
        self._keep_cursor_visible()
        self._repaint(before)

    def action_open(self) -> None:
        if self.row is not None:
            self.post_message(self.Opened(self, self.row))

    def action_move(self, by: int) -> None:
        self._go(self._cursor + by)

    def action_page(self, by: int) -> None:
        self._go(self._cursor + by * max(1, self._lines - 1))

    def action_first(self) -> None:
        self._go(0)

    def action_last(self) -> None:
        self._go(len(self._rows) - 1)

    def _go(self, index: int) -> None:
        if index >= len(self._rows) and self._rows:
            self.post_message(self.EndReached(self))
        self.select(index)
        self.post_message(self.Moved(self))

    def on_click(self, event: events.Click) -> None:
        if 1 <= event.y <= len(self._rows) - self._top:
            self._go(self._top + event.y - 1)
            if event.chain == 2:
                self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._go(self._cursor + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._go(self._cursor - 3)

    def on_resize(self) -> None:
        self._keep_cursor_visible()

    @property
    def _lines(self) -> int:
        """How many rows are in sight."""
        return max(0, self.size.height - 1)

    def _keep_cursor_visible(self) -> None:
        highest = max(0, len(self._rows) - self._lines)
        lowest = self._cursor - self._lines + 1
        self._top = max(0, min(max(self._top, lowest), self._cursor, highest))

    def _visible(self) -> list[tuple[Row, bool]]:
        shown = enumerate(self._rows[self._top : self._top + self._lines], self._top)
        return [(row, index == self._cursor) for index, row in shown]

    def _repaint(self, before: list[tuple[Row, bool]]) -> None:
        if not self.size:  # hidden; shown again at its old size it would be drawn from the old lines
            self.refresh()
            return
        now, width = self._visible(), self.size.width
        for y in range(max(len(now), len(before))):
            if now[y : y + 1] != before[y : y + 1]:
                self.refresh(Region(0, y + 1, width, 1))
        if len(self._rows) > self._lines:
            self.refresh(Region(width - 1, 1, 1, self._lines))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            titles = self._joined([plain(column.title) for column in self._fitting(width)], width)
            return self._strip(titles, width, "row-list--header")
        index = self._top + y - 1
        if index >= len(self._rows):
            return self._strip(Content(""), width)
        cells = [column.cell(self._rows[index]) for column in self._fitting(width)]
        style = "row-list--cursor" if index == self._cursor else None
        row = self._strip(self._joined(cells, width), width - 1, style)
        return Strip.join([row, self._strip(self._thumb(y - 1), 1, "row-list--thumb")])

    def _thumb(self, y: int) -> Content:
        """One cell of the scroll bar; nothing where all rows are in sight."""
        total, seen = len(self._rows), self._lines
        if total <= seen:
            return Content(" ")
        length = max(1, seen * seen // total)
        start = (seen - length) * self._top // (total - seen)
        return Content("┃" if start <= y < start + length else " ")

    def _fitting(self, width: int) -> list[Column]:
        return [column for column in self._columns if column.from_width <= width < column.below_width]

    def _joined(self, cells: list[Content], width: int) -> Content:
        columns = self._fitting(width)
        left_over = max(0, width - 1 - sum(column.width + GAP for column in columns) + GAP)
        shares = sum(column.grow for column in columns) or 1
        padded = []
        for column, cell in zip(columns, cells, strict=True):
            cells_wide = column.width + left_over * column.grow // shares
            cut = cell.truncate(cells_wide, ellipsis=True, pad=not column.right)
            padded.append(cut.pad_left(cells_wide - cut.cell_length) if column.right else cut)
        return Content(" " * GAP).join(padded)

    def _strip(self, content: Content, width: int, component: str | None = None) -> Strip:
        style = self.get_visual_style(component) if component else self.visual_style
        strips = Visual.to_strips(self, content, max(1, width), 1, style, pad=True)
        return strips[0] if strips else Strip.blank(width, style.rich_style)
