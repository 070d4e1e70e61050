"""What becomes of a request so that it can be answered: its length, targets that it fits into, cache markers, a last
resort."""
