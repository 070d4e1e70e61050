"""`gatewatch _worker`: one worker process, started by the control process only."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen-fd", type=int, required=True)


def run(args: argparse.Namespace) -> int:
    from proxy.worker.main import main

    return main(args.listen_fd)
