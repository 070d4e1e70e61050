"""Providers' admin APIs, as far as keys are made and ended by them: one file per provider."""
