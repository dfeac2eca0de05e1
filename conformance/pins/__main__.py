"""`python -m conformance.pins gate ...`: the gate alone, without the rest of the command line."""

from __future__ import annotations

import argparse
import sys

from conformance.core.errors import ConformanceError
from conformance.pins.commands import register


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m conformance.pins")
    register(parser.add_subparsers(dest="command", required=True))
    try:
        given = parser.parse_args(words)
        code: int = given.handler(given)
    except SystemExit as end:  # argparse ends with 2, which here means incomplete
        return 3 if end.code == 2 else int(end.code or 0)
    except ConformanceError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return code


if __name__ == "__main__":
    raise SystemExit(main())
