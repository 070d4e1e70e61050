"""What operators are told of routes, and do to them: versions, rollbacks, canaries, drains."""
