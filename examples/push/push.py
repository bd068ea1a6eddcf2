#!/usr/bin/env python3
"""Pushes one message to whoever is online as UID, through the backend port of push.rhai.

The answer is printed. Exit code: 0 for `ok`, 1 for `fail` (nobody is online as UID), 2 for trouble with the connection.
"""

import argparse
import json
import socket
import sys

TIMEOUT_SECONDS = 5


def main():
    arguments = parse_arguments()
    # Non-ASCII stays as it is, because the page shows the line verbatim. A line break inside a value becomes \n, so
    # that the message is one line, whatever is in it.
    message = json.dumps(
        {"uid": arguments.uid, "percent": arguments.percent}, ensure_ascii=False, separators=(",", ":")
    )
    try:
        answer = ask(arguments.host, arguments.port, message)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        print(f"push.py: {arguments.host} port {arguments.port}: {reason}", file=sys.stderr)
        return 2
    print(answer)
    return 0 if answer == "ok" else 1


def parse_arguments():
    parser = argparse.ArgumentParser(description="Push a progress message to whoever is online as UID.")
    parser.add_argument("uid", metavar="UID", help="who gets the message, for example uid1")
    parser.add_argument("percent", metavar="PERCENT", help="how far things are, for example 88%%")
    parser.add_argument("--host", default="127.0.0.1", help="where push.rhai runs (default: %(default)s)")
    parser.add_argument("--port", default=5678, type=port, help="its backend port (default: %(default)s)")
    return parser.parse_args()


def port(text):
    # Python's sockets take 70000 for 4464.
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port between 1 and 65535")
    return int(text)


def ask(host, port, message):
    """Sends one line and returns the one line that comes back: `ok` or `fail`."""
    with socket.create_connection((host, port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(message.encode() + b"\n")
        with connection.makefile("rb") as answers:
            line = answers.readline()
    if not line.endswith(b"\n"):
        raise ConnectionError("the connection was closed before an answer came")
    answer = line.decode().rstrip("\r\n")
    if answer not in ("ok", "fail"):
        raise ValueError(f"neither `ok` nor `fail` came back, but {answer!r}; is this the port of push.rhai?")
    return answer


if __name__ == "__main__":
    sys.exit(main())
