"""The data plane: one process that takes calls, relays them and journals them."""
