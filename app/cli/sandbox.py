"""`gatewatch sandbox`: a provider to try things on, with no key, no account and no cost."""

import argparse

PORT = 4010


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "OpenAI's API on 127.0.0.1: any model name and any key are answered, the same request always alike. Models "
        "called fault-… misbehave; x-sandbox-… headers dictate the rest: docs/sandbox.md."
    )
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"default {PORT}; 0 takes any free one")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another seed, other texts (default 0)")
    parser.add_argument(
        "--latency",
        choices=("none", "realistic"),
        default="none",
        metavar="PROFILE",
        help="none (default) or realistic: first byte and gaps as the model's family would take",
    )
    parser.add_argument(
        "--batch-seconds", type=float, default=2.0, metavar="N", help="until a batch is done (default 2)"
    )
    parser.add_argument("--no-key", action="store_true", help="answer without an API key too")


def run(args: argparse.Namespace) -> int:
    from proxy.sandbox.provider import Options
    from proxy.sandbox.server import run as serve

    return serve(
        Options(
            port=args.port,
            seed=args.seed,
            latency=args.latency,
            needs_key=not args.no_key,
            batch_seconds=args.batch_seconds,
        )
    )
