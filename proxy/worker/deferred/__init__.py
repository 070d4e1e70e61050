"""Deferred calls in a worker: they are taken, told of, and put together again when their time has come."""
