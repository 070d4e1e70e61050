"""Load: as many calls as go (closed loop), calls at a rate (open loop), streams."""
