"""The core of Gatewatch: the nouns, the money and the ledger. The one documented import."""

__version__ = "0.1.0"

__all__ = ["__version__"]
