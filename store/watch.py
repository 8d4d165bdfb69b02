"""Whether anything was committed since one last looked, by whichever process: a mark to compare.

SQLite keeps a number for that in memory that all its processes share (``PRAGMA data_version``): looking at it takes
microseconds and reads no file, so it is done in the loop's own thread.
"""

import sqlite3
from collections.abc import Hashable
from contextlib import suppress
from time import monotonic

LOOK = 0.001
"""Seconds between two looks, at least: nobody can tell whether another process committed so shortly before."""


class Watch:
    """Over one SQLite file. Nothing is opened before the first look."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None
        self._seen: Hashable = None
        self._at = -LOOK

    def mark(self) -> Hashable:
        """Equal to an earlier one as long as nobody has changed the database since; equal to none when in doubt."""
        now = monotonic()
        if now - self._at >= LOOK:
            self._at, self._seen = now, self._look()
        return self._seen

    def _look(self) -> Hashable:
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._file, timeout=0, isolation_level=None)
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            return object()

    def close(self) -> None:
        """Look no more."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
