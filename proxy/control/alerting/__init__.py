"""Alerts: what fires, what it does while it does, and who is told."""
