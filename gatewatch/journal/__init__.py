"""The journal: the durable edge of the ledger. Workers append, the recorder reads; DuckDB is only its index."""
