"""Limits and budgets: rules, the windows that they count in, and the counters that calls reserve from and settle to."""
