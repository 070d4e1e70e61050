"""What kind of work a call is."""

from typing import Literal

WorkloadClass = Literal["chat", "extraction", "classification", "code", "summary"]
WORKLOAD_CLASSES: tuple[WorkloadClass, ...] = ("chat", "extraction", "classification", "code", "summary")
