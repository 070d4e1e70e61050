"""Configurations for nginx, as the plain upstream and as the candidate that does nothing but pass on."""

import os
from pathlib import Path

_TEXT = "lorem ipsum dolor sit amet " * 24
COMPLETION = (
    '{"id":"chatcmpl-AbCdEf0123456789","object":"chat.completion","created":1700000000,"model":"gpt-4o-2024-08-06",'
    '"choices":[{"index":0,"message":{"role":"assistant","content":"' + _TEXT + '","refusal":null},'
    '"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":200,"completion_tokens":150,"total_tokens":350,'
    '"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},'
    '"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}},"service_tier":"default"}'
)
"""About 1.2 kB, with usage."""

_FRAME = """\
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; {user}
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; {temporary}
{servers}
}}
"""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def _framed(folder: Path, servers: str) -> str:
    temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in _TEMPORARY)
    return _FRAME.format(
        folder=folder, user="user root;" if os.geteuid() == 0 else "", temporary=temporary, servers=servers
    )


def answering(folder: Path, port: int) -> str:
    """Answers every request with the completion."""
    location = f"location / {{ default_type application/json; return 200 '{COMPLETION}'; }}"
    return _framed(folder, f"  server {{ listen 127.0.0.1:{port} backlog=2048; {location} }}")


def passing_on(folder: Path, port: int, plain_port: int, stream_port: int) -> str:
    """Passes on `/burst` and `/paced` to the streaming upstream and the rest to the plain one."""
    pool = "keepalive 256; keepalive_requests 100000000;"
    pass_on = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;'
    return _framed(
        folder,
        f"""\
  upstream plain {{ server 127.0.0.1:{plain_port}; {pool} }}
  upstream streams {{ server 127.0.0.1:{stream_port}; {pool} }}
  server {{
    listen 127.0.0.1:{port} backlog=2048; {pass_on}
    location / {{ proxy_pass http://plain; }}
    location /burst/ {{ proxy_pass http://streams; }}
    location /paced/ {{ proxy_pass http://streams; }}
  }}""",
    )
