"""Admit: a call meets every limit and budget that concerns it before it costs money."""
