"""How fast, against whom: measured, with its noise, on the machine that it runs on. Not shipped.

Keeps true: candidates are data (`candidates.py`), rounds are interleaved, a disturbed sample is marked
and never dropped.
"""
