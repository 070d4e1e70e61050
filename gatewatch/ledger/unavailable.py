"""Why the ledger cannot be read or loaded just now. Nothing is lost by it: the journal keeps every call."""

from gatewatch.errors import GatewatchError, Unreachable


class LedgerUnavailable(Unreachable):
    """The ledger file cannot be used. Whoever loads it tries again; whoever reads it says so."""


class LedgerLocked(LedgerUnavailable):
    """Another process has the file open."""


class LedgerDamaged(LedgerUnavailable):
    """The file is no DuckDB database that this program can read."""


class TooSlow(GatewatchError):
    """A query was stopped because it took too long."""
