"""The sandbox: a provider to try things on. OpenAI's API on loopback, deterministic, with faults that have names.

It is a stand-in for somebody else's server, so it shares no code with the gateway: what it says about the wire must
not be a copy of what the gateway believes.
"""
