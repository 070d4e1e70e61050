"""Upstreams of our own, far faster than what is measured in front of them."""
