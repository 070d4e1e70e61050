"""What kinds of work there are."""

from typing import get_args

from gatewatch.routing.workload_class import WORKLOAD_CLASSES, WorkloadClass


def test_the_classes_are_those_that_docs_name() -> None:
    assert get_args(WorkloadClass) == WORKLOAD_CLASSES
    assert set(WORKLOAD_CLASSES) == {"chat", "extraction", "classification", "code", "summary"}
