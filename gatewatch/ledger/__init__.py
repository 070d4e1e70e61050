"""The ledger: one DuckDB file beside the journal, loaded exactly once, asked by named queries.

Only this package imports duckdb, and only where a file is really opened: `reader` reaches a running gateway without it.
"""
