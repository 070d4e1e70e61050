"""Where alerts go: the gateway's log, and webhooks."""
