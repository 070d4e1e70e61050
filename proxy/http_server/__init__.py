"""The gateway's own HTTP/1.1 server on httptools: strict framing, a deadline for every phase, bounded in everything.

Used by workers (data plane) and by the control process (control API).
"""
