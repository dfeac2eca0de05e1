"""`python -m conformance`: the command line without its script."""

import sys

from conformance.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
