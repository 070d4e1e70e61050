"""The control plane: supervises workers, owns the ledger, answers operators."""
