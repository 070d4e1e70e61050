"""What proves that the audit trail was not touched: a chain, seals made with a key of the vault, an anchor outside."""
