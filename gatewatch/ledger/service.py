"""The ledger of one home, open in one process: loads the journal, answers named queries, from any thread.

Keeps true: one recorder pass at a time; queries, checks and snapshots run beside it on cursors of their own and see the
ledger as it was at one moment; a query that takes too long is stopped and blocks nobody. A file that cannot be opened
is tried again at the next pass. Whoever makes a service holds the home's lock (`ownership.py`).
"""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from gatewatch.errors import GatewatchError, NotAllowed, NotFound, UsageError
from gatewatch.keys.secret_shapes import shown, without_secrets
from gatewatch.ledger.answer import Answer, Checked, window_texts
from gatewatch.ledger.asking import Asking
from gatewatch.ledger.batch_counts import BatchCounts, batch_counts
from gatewatch.ledger.check import check
from gatewatch.ledger.connect import DATABASE, attach, connect, cursor
from gatewatch.ledger.keeping import Keeping
from gatewatch.ledger.kept_window import missing_calls
from gatewatch.ledger.queries import OF_ONE_TEAM, QUERIES, counted
from gatewatch.ledger.recorder import LoadResult, Progress, Recorder
from gatewatch.ledger.retiring import whole_since
from gatewatch.ledger.schema import migrate
from gatewatch.ledger.tally import Tally
from gatewatch.ledger.unavailable import LedgerUnavailable, TooSlow
from gatewatch.limits.counters import Seeds
from gatewatch.limits.in_force import InForce
from gatewatch.limits.rule import Rule
from gatewatch.paths import Home
from gatewatch.timespan import iso

log = logging.getLogger("gatewatch.ledger")

QUERY_SECONDS = 30.0
INTERRUPT_AGAIN = 0.05
"""Seconds; an interrupt that falls between two statements is forgotten by DuckDB."""
_TRY_AGAIN = "It is opened again by itself; if that does not help, see `gatewatch doctor`."


class LedgerService:
    """Owns the connection and the recorder. Opens the file at the first `load_once` or `ask`."""

    def __init__(
        self,
        home: Home,
        *,
        keeping: Keeping | None = None,
        query_seconds: float = QUERY_SECONDS,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        in_force: Callable[[], InForce] = InForce,
    ) -> None:
        """`in_force`: the limits and budgets that hold now; asked in the threads that ask queries."""
        self.home = home
        self.last_error: str | None = None
        """Why the last pass failed; None when it did not."""
        self.on_counts: Callable[[BatchCounts | None], object] | None = None
        """Told, in the recorder's thread, what each committed batch adds; None: that is not known. Must not raise."""
        self._keeping = keeping
        self._query_seconds = query_seconds
        self._clock = clock
        self._in_force = in_force
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._recorder: Recorder | None = None
        self._tally = Tally()
        self._writing = threading.RLock()
        self._copying = threading.Lock()
        self._running: set[duckdb.DuckDBPyConnection] = set()
        self._idle = threading.Condition()
        self._closed = False

    def load_once(self, progress: Progress | None = None) -> LoadResult:
        """Load what is in the journal. Raises LedgerUnavailable, duckdb.Error or OSError; then call it again later."""
        with self._writing:
            try:
                result = self._open().load_once(progress)
            except (duckdb.Error, OSError, GatewatchError) as error:
                self.last_error = str(error)
                if isinstance(error, duckdb.FatalException):
                    self._close_connection()
                raise
            self.last_error = None
            return result

    def keep(self, keeping: Keeping) -> None:
        """How long things are kept, from now on. Until it is said, nothing is deleted. From any thread."""
        self._keeping = keeping
        if (recorder := self._recorder) is not None:
            recorder.retiring.keep(keeping)

    def ask(self, name: str, /, **params: object) -> Answer:
        """Answer a named query, with the parameters of its `Params`.

        Raises NotFound for an unknown query, UsageError for parameters that do not fit, TooSlow, LedgerUnavailable,
        GatewatchError where DuckDB fails.
        """
        return self._ask(None, name, params)

    def ask_within(self, team: str, name: str, /, **params: object) -> Answer:
        """As `ask`, of one team's calls alone. Raises NotAllowed for a query that cannot be kept to a team, too."""
        if name in QUERIES and name not in OF_ONE_TEAM:
            raise NotAllowed(f"{name} cannot be told of one team alone", "ask with a key of all teams")
        return self._ask(team, name, params)

    def _ask(self, team: str | None, name: str, params: dict[str, object]) -> Answer:
        query = QUERIES.get(name)
        if query is None:
            raise NotFound(f"There is no query {shown(name)}", f"Choose one of {', '.join(QUERIES)}.")
        try:
            typed = msgspec.convert(params, query.Params)
        except msgspec.ValidationError as error:
            raise UsageError(f"{name}: {without_secrets(str(error))}") from None
        with self._cursor(name, self._query_seconds) as reading:
            fresh = self.fresh()  # before the moment that the answer is of, so that it promises too little at worst
            reading.execute("BEGIN")
            asking = Asking(reading, self._clock(), team, self._in_force, self.home, self._tally)
            found = query.answer(asking, typed)
            fresh["alarms"] += missing_calls(found, whole_since(reading))
        return Answer(found.rows, window_texts(found.window), fresh, found.source)

    def seeds(self, rules: Sequence[Rule], now: int, upto: Mapping[str, int] | None = None) -> Seeds:
        """What the ledger has counted for these rules, see `queries/counted.py`. Takes as long as it takes.

        Raises LedgerUnavailable, GatewatchError where DuckDB fails.
        """
        with self._cursor("counted", None) as reading:
            reading.execute("BEGIN")
            return counted.seeds(Asking(reading, now), rules, now, upto)

    @property
    def loaded_until_us(self) -> int | None:
        """All that was journalled before this time is in the ledger; None: nothing is known yet."""
        return None if self._recorder is None else self._recorder.loaded_until_us

    def fresh(self) -> dict[str, Any]:
        """How much of the journal answers include just now."""
        recorder = self._recorder
        alarms = [self.last_error] if self.last_error else []
        if recorder is None:
            return {"loaded_until": None, "behind_bytes": 0, "alarms": alarms}
        until = recorder.loaded_until_us
        return {
            "loaded_until": None if until is None else iso(until),
            "behind_bytes": recorder.behind_bytes(),
            "alarms": alarms + recorder.alarms,
        }

    def snapshot(self, path: Path) -> Path:
        """Copy the ledger, as it is at one moment, into a DuckDB file that anybody may open and explore.

        Raises UsageError where there is a file already, GatewatchError where it cannot be written.
        """
        if path.exists():
            raise UsageError(f"{path} exists already", "Choose another name, or remove it.")
        made = self.home.scratch / f"snapshot-{self._clock()}.duckdb"
        with self._copying, self._cursor("snapshot", None) as copying:
            try:
                attach(copying, made, "snapshot")
                copying.execute(f"COPY FROM DATABASE {DATABASE} TO snapshot")
                copying.execute("DETACH snapshot")
                made.chmod(0o600)
                shutil.move(made, path)
            except OSError as error:
                raise GatewatchError(f"{path} cannot be written: {error}", "Choose another place.") from error
            finally:
                with suppress(duckdb.Error):
                    copying.execute("DETACH snapshot")
                made.unlink(missing_ok=True)
                made.with_name(made.name + ".wal").unlink(missing_ok=True)
        return path

    def check(self, progress: Progress | None = None) -> Checked:
        """Compare the ledger with itself and with the journal. Reads every segment."""
        with self._cursor("check", None) as reading:
            reading.execute("BEGIN")
            return check(reading, self.home, progress)

    def close(self) -> None:
        """Stop what runs and close the file. Further calls raise LedgerUnavailable."""
        self._closed = True
        with self._idle:
            while self._running:
                for running in self._running:
                    running.interrupt()
                self._idle.wait(INTERRUPT_AGAIN)
        with self._writing:
            self._close_connection()

    def lag(self) -> tuple[int, int | None]:
        """How far the ledger is behind the journal: bytes, and the time (µs) up to which all of it is loaded."""
        recorder = self._recorder
        return (0, None) if recorder is None else (recorder.behind_bytes(), recorder.loaded_until_us)

    def _committed(self, connection: duckdb.DuckDBPyConnection) -> None:
        if self.on_counts is None:
            return
        try:
            counts = batch_counts(connection)
        except duckdb.Error:
            log.exception("a batch is in the ledger, but not in the counters beside it")
            counts = None
        self.on_counts(counts)

    def _open(self) -> Recorder:
        with self._writing:
            if self._closed:
                raise LedgerUnavailable("The ledger is closed")
            if self._recorder is None:
                self.home.make()
                connection = connect(self.home.ledger, self.home.scratch)
                try:
                    migrate(connection)
                    recorder = Recorder(
                        self.home,
                        connection,
                        keeping=self._keeping,
                        clock=self._clock,
                        on_committed=self._committed,
                    )
                except BaseException:
                    connection.close()
                    raise
                self._connection, self._recorder = connection, recorder  # seen by others only when it is ready
            return self._recorder

    @contextmanager
    def _cursor(self, name: str, seconds: float | None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor that is interrupted after so many seconds, and by `close`."""
        if self._connection is None:
            self._open()
        with self._idle:
            if self._closed or self._connection is None:
                raise LedgerUnavailable("The ledger is closed")
            reading = cursor(self._connection)
            self._running.add(reading)
        stop = _Stop(seconds, lambda: self._interrupt(reading))
        try:
            yield reading
        except duckdb.InterruptException:
            if stop.expired:
                raise TooSlow(
                    f"{name} took longer than {seconds:g} s and was stopped", "Ask for a shorter window."
                ) from None
            raise LedgerUnavailable("The ledger was closed") from None
        except duckdb.FatalException as error:
            raise LedgerUnavailable(f"The ledger failed: {error}", _TRY_AGAIN) from error
        except duckdb.Error as error:
            raise GatewatchError(f"{name} failed: {str(error).partition(chr(10))[0]}", "See the log.") from error
        finally:
            stop.cancel()
            with self._idle:
                self._running.discard(reading)
                reading.close()
                self._idle.notify_all()

    def _interrupt(self, reading: duckdb.DuckDBPyConnection) -> None:
        with self._idle:
            if reading in self._running:
                reading.interrupt()

    def _close_connection(self) -> None:
        connection, self._connection, self._recorder = self._connection, None, None
        self._tally = Tally()
        if connection is not None:
            connection.close()


class _Stop:
    """Calls `interrupt` when `seconds` have passed, and again until it is cancelled."""

    def __init__(self, seconds: float | None, interrupt: Callable[[], None]) -> None:
        self.expired = False
        self._interrupt = interrupt
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(seconds,), name="ledger-query-limit", daemon=True)
        if seconds is not None:
            self._thread.start()

    def cancel(self) -> None:
        self._cancelled.set()

    def _run(self, seconds: float) -> None:
        while not self._cancelled.wait(INTERRUPT_AGAIN if self.expired else seconds):
            self.expired = True
            self._interrupt()
