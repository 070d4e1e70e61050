"""A recorder that dies by SIGKILL just before its n-th step: `python -m tests.kit.dying_recorder HOME N`.

A step is a statement to DuckDB or one of the system calls that make a file durable or move it. Without a death it
prints how many steps the pass took.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gatewatch.ledger import load, recorder
from gatewatch.ledger.connect import connect
from gatewatch.ledger.recorder import Recorder
from gatewatch.ledger.schema import migrate
from gatewatch.paths import Home


class Countdown:
    """Counts steps, and kills this process when it comes to the fatal one."""

    def __init__(self, fatal: int) -> None:
        self.steps, self.fatal = 0, fatal

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def stepping(*args: Any, **kwargs: Any) -> Any:
            self.step()
            return function(*args, **kwargs)

        return stepping


class Counted:
    """A connection whose statements are steps."""

    def __init__(self, connection: Any, countdown: Countdown) -> None:
        self._connection, self._countdown = connection, countdown

    def execute(self, *args: Any) -> Any:
        self._countdown.step()
        return self._connection.execute(*args)


def main(folder: str, fatal: str) -> None:
    load.BATCH_LINES = 40
    recorder.CHUNK_BYTES = 4000
    home, countdown = Home(Path(folder)), Countdown(int(fatal))
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    os.fsync = countdown.before(os.fsync)
    os.rename = countdown.before(os.rename)
    os.unlink = countdown.before(os.unlink)
    Recorder(home, Counted(connection, countdown)).load_once()  # type: ignore[arg-type]
    connection.close()
    sys.stdout.write(f"{countdown.steps}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
