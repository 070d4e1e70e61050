"""Pace: calls to a provider's key come no faster than it lets them, and wait for their turn in order."""
