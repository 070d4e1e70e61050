"""The same gateway as for the tests of running deferred calls."""

from tests.proxy.deferring.conftest import impatient, sandbox, slow, stage, stopped

__all__ = ["impatient", "sandbox", "slow", "stage", "stopped"]
