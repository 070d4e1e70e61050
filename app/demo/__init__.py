"""`gatewatch demo`: a whole gateway to look at, offline, gone without a trace when it ends."""
