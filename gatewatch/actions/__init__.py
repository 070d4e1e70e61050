"""What operators do, once: command line, control API and console all perform the same actions."""
