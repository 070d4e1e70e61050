"""Streams on their way: kept alive through silence, held to what they may cost, in sentences where a route says so."""
