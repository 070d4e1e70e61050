"""Alerts: what is watched, when it fires and when it is over. Nothing here reads a clock, a file or a socket."""
