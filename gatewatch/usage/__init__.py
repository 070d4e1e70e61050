"""Usage objects of providers → disjoint token classes, one file per provider family: who counts what inside what.

Each `read` gives None where the object is not whole and sound by its provider's own invariant; nothing is guessed.
"""
