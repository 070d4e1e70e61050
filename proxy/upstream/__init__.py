"""The gateway's own HTTP/1.1 client: one socket per exchange, deadlines by phase, back-pressure, instant abort."""
