"""What those are told who look whether a worker is well: no key is needed, and nothing else is said."""

from proxy.http_server.request import Request


def answer_health(request: Request, *, ready: bool) -> None:
    """`/health/live`: the process answers. `/health/ready`: it takes calls."""
    if request.refusal:
        status, body = request.refusal.status, b"refused\n"
        request.keep_alive = False
    elif request.method not in ("GET", "HEAD") or request.path not in ("/health/live", "/health/ready"):
        status, body = 404, b"not found\n"
    elif request.path == "/health/live" or ready:
        status, body = 200, b"ok\n"
    else:
        status, body = 503, b"not ready\n"
    request.reply(status, [(b"content-type", b"text/plain")], body)
