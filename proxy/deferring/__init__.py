"""Deferred calls are run: by a provider's batch API, in cheaper hours, or as any other call."""
