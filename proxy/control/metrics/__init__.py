"""Metrics for Prometheus: counters beside the ledger, and what runs now."""
