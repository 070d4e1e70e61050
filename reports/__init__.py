"""FinOps reports computed with Polars from the ledger's exact money."""
