"""What the doctor finds, as scripts read it."""

from app.finding import Finding


def test_what_needs_no_next_step_has_none() -> None:
    assert Finding("ok", "limits", "2")._asdict() == {"state": "ok", "area": "limits", "what": "2", "next_step": ""}
