"""Calls that may wait: what is kept of them between the word that they were taken and the end of their reply."""
