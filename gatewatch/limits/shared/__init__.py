"""Counters that several workers share, in a Valkey or Redis: its language, its scripts, a worker's side, the control
process' side."""
