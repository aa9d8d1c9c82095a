"""`python -m tlgan_runtime.cli`."""

import sys

from tlgan_runtime.cli.entry import cheermeup

if __name__ == "__main__":
    sys.exit(cheermeup())
