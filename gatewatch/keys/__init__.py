"""Virtual keys: what apps and operators authenticate with."""
