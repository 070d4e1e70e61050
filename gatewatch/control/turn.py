"""Waiting for the one lock under which the control store is written.

SQLite itself sleeps longer and longer between two looks, soon 100 ms: where workers write all the time, whoever waits
like that hardly ever meets a free moment.

Imports stay small: the standard library.
"""

import random
import sqlite3
import time

_LOOK_AGAIN_SECONDS = 0.001
"""On average: two that wait do not look in step."""


def begin(connection: sqlite3.Connection, seconds: float) -> None:
    """A transaction that may write. Raises sqlite3.OperationalError where others hold the lock for so long.

    The connection must not wait by itself (`busy_timeout = 0`).
    """
    due = time.monotonic() + seconds
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= due:
                raise
            time.sleep(_LOOK_AGAIN_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311
        else:
            return
