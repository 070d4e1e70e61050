"""`gatewatch _traffic`: the demo's traffic, in its own process; told on stdin where to and with which keys."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float)


def run(args: argparse.Namespace) -> int:
    import asyncio
    import json
    import sys

    from app.demo.traffic import generate

    told = json.loads(sys.stdin.read())
    asyncio.run(generate(told["base_url"], told["keys"], args.seconds))
    return 0
