"""The gateway: the data plane that serves apps and the control plane that serves operators."""
