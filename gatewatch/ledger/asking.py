"""What named queries share: a cursor in one transaction, the clock, parameters of a window, JSON words for values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import msgspec

from gatewatch.errors import UsageError
from gatewatch.filter_columns import ALIASES
from gatewatch.ledger.facts import Facts, Where, widened
from gatewatch.ledger.families import SPEND, TRAFFIC
from gatewatch.ledger.kept_window import kept_window
from gatewatch.ledger.percentiles import milliseconds, percentiles_sql
from gatewatch.ledger.retiring import whole_since
from gatewatch.limits.in_force import InForce
from gatewatch.paths import Home
from gatewatch.timespan import Window

if TYPE_CHECKING:
    from gatewatch.ledger.tally import Tally

GROUPS = frozenset(
    {
        *TRAFFIC.dims,
        *SPEND.dims,
        *("requested_model", "served_model", "task_id", "source", "client", "finish_reason", "price_row"),
    }
)
"""What `--by` takes, beside the aliases of filters."""


SHARES = (0.5, 0.95, 0.99)
"""What is shown of a distribution."""


class Windowed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Parameters of a query about a window."""

    since: str | None = None
    """As `--since`: 15m, 24h, ISO 8601; left out, an hour before the end."""
    until: str | None = None
    where: str | None = None
    """A filter, see `gatewatch.filters`."""


class Grouped(Windowed):
    """Parameters of a query about a window, by one dimension."""

    by: str | None = None
    limit: int = 1000


@dataclass(frozen=True)
class Asking:
    """One question being answered. Everything it reads is of one moment."""

    cursor: duckdb.DuckDBPyConnection
    now_us: int
    team: str | None = None
    """The only team whose calls are told of, whatever the question is; None: every team's."""
    in_force: Callable[[], InForce] = InForce
    """The limits and budgets that hold now. Raises GatewatchError where they cannot be told."""
    home: Home | None = None
    """Whose ledger it is."""
    tally: "Tally | None" = None
    """What rules have used, as it is kept between questions."""

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run SQL of our own. Raises duckdb.Error."""
        return self.cursor.execute(sql, list(parameters)).fetchall()

    def window(self, params: Windowed, step_us: int | None = None) -> Window:
        """The window asked for, widened to whole minutes (or steps), or to what is still kept of its time.

        Raises UsageError, also for steps that are shorter than what is kept.
        """
        try:
            asked = Window.parse(params.since, params.until, self.now_us)
        except ValueError as error:
            raise UsageError(str(error)) from None
        window = widened(asked, step_us) if step_us else widened(asked)
        return kept_window(window, step_us, whole_since(self.cursor))

    def where(self, text: str | None) -> Where:
        """A filter, and the team beside it, which nothing in the text can reach. Raises UsageError."""
        where = Where.of(text, self.now_us)
        if self.team is None:
            return where
        return Where(f"({where.sql}) AND team = ?", [*where.parameters, self.team], where.columns | {"team"})

    def seconds(self, window: Window) -> float:
        """How much of a window has passed."""
        return max(0, min(window.until_us, self.now_us) - window.since_us) / 1e6

    def percentiles(self, facts: Facts, metrics: Sequence[str], group: str | None = None) -> "Percentiles":
        """The percentiles of `SHARES`, by value of the column `group` (None without one) and metric."""
        sql = percentiles_sql(facts.sql, metrics, SHARES, (group,) if group else ())
        found: dict[tuple[object, str], list[float | None]] = {}
        for row in self.rows(sql, facts.parameters):
            *place, metric = row[: len(row) - 3 * len(SHARES)]
            bins = row[-3 * len(SHARES) :]
            times = [milliseconds(*bins[at : at + 3]) for at in range(0, len(bins), 3)]
            found[place[0] if group else None, metric] = [*times]
        return Percentiles(found)


@dataclass(frozen=True)
class Percentiles:
    """Milliseconds by group and metric."""

    found: dict[tuple[object, str], list[float | None]]

    def of(self, metric: str, group: object = None) -> list[float | None]:
        """p50, p95 and p99; all None where there were no times."""
        return self.found.get((group, metric), [None] * len(SHARES))


def group_column(by: str | None, default: str) -> str:
    """The column that `by` names. Raises UsageError."""
    column = ALIASES.get(by or default, by or default)
    if column not in GROUPS:
        raise UsageError(f"Nothing can be shown by {by!r}", f"Choose one of {', '.join(sorted(GROUPS))}.")
    return column


def usd(cost: Decimal | None, unpriced_calls: int = 0) -> str:
    """Money for JSON. A sum is `unpriced` when nothing in it had a price; it is never 0 for want of one."""
    if cost is None or (not cost and unpriced_calls):
        return "unpriced"
    text = format(cost, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def ms(microseconds: int | None) -> float | None:
    """A duration for JSON."""
    return None if microseconds is None else microseconds / 1000


def share(part: int, whole: int) -> float | None:
    """A rate for JSON; None of nothing."""
    return round(part / whole, 6) if whole else None
