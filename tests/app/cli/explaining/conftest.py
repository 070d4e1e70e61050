"""Rows of calls as the query `call` answers, written by hand."""

from collections.abc import Callable
from typing import Any

import pytest

MONTH = {"kind": "budget", "scope": "team", "of": "team/search", "window": "month", "managed_by": "config",
         "begins_anew": "2026-12-01T00:00:00.000000Z", "soft": "0.8", "changed": None}  # fmt: skip
MINUTE = {"kind": "limit", "scope": "key", "of": "key", "window": "1m", "managed_by": "config",
          "begins_anew": None, "soft": None, "changed": None}  # fmt: skip
RULES: dict[str, Any] = {"budgets.team/usd": MONTH, "limits.each-key/requests/1m": MINUTE}

REQUESTS: dict[str, Any] = {"rule": "limits.each-key/requests/1m", "name": "kaaa", "measure": "requests",
                            "taken": 11, "held": 2, "asked": 1, "most": 60}  # fmt: skip
MONEY: dict[str, Any] = {"rule": "budgets.team/usd", "name": "search", "measure": "usd",
                         "taken": "0.5", "held": "0.1", "asked": "0.03", "most": "1"}  # fmt: skip

ROW: dict[str, Any] = {
    "call_id": "019ab2f4-7c3e-7a10-8b2f-000000000001",
    "started_at": "2026-11-21T10:00:00.000000Z",
    "status": "ok",
    "http_status": 200,
    "error_kind": None,
    "error_message": None,
    "finish_reason": "stop",
    "provider": "openai",
    "model": "gpt-4o",
    "served_model": "gpt-4o",
    "attempts": 1,
    "cache": None,
    "team": "search",
    "project": None,
    "environment": "live",
    "key_name": "app",
    "key_id": "kaaa",
    "key_version": 2,
    "source": "10.0.0.7",
    "user": None,
    "feature": None,
    "customer": None,
    "use_case": None,
    "task_id": None,
    "tags": {},
    "endpoint": "chat",
    "requested_model": "bot",
    "route": "bot",
    "workload_class": None,
    "stream": True,
    "client": "openai-python",
    "client_retry": 0,
    "params": {"max_tokens": 300},
    "dialect": "openai-chat",
    "dropped_params": [],
    "config_version": "c0ffee",
    "route_version": "beef",
    "priority": None,
    "queued_ms": 0.0,
    "stepped_down": None,
    "checked": [REQUESTS, MONEY],
    "blocked_by": None,
    "reserved_usd": "0.03",
    "cost_usd": "0.02",
    "estimated_input_tokens": 1100,
    "estimated_output_tokens": 300,
    "estimate_percent": 110,
    "estimated_others": 0,
    "input_tokens": 1000,
    "output_tokens": 200,
    "usage": {"prompt_tokens": 1000},
    "cost_basis": "computed",
    "latency_ms": 900.0,
    "ttft_ms": 90.0,
    "upstream_ms": 890.0,
    "overhead_ms": 10.0,
    "price_row": None,
    "attempts_detail": [],
    "request_shape": None,
}

A_TRY: dict[str, Any] = {
    "n": 1,
    "provider": "openai",
    "model": "gpt-4o",
    "provider_key": "main",
    "status": "ok",
    "http_status": 200,
    "error_kind": None,
    "error_message": None,
    "connect_ms": None,
    "first_byte_ms": 90.0,
    "latency_ms": 900.0,
    "upstream_request_id": None,
}

OLD: dict[str, Any] = {"checked": []} | dict.fromkeys(
    ("estimated_input_tokens", "estimated_output_tokens", "estimate_percent", "estimated_others", "reserved_usd",
     "blocked_by", "priority", "queued_ms", "stepped_down")
)  # fmt: skip
"""What a row from before these columns has."""

MakeRow = Callable[..., dict[str, Any]]


@pytest.fixture
def row() -> MakeRow:
    return lambda **changed: ROW | changed
