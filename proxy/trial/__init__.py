"""Tries a provider: straight, with one cheap call, in no ledger. What it finds is told to people."""
