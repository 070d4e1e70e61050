"""Replies that are kept, and given again to the same request."""
