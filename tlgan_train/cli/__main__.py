"""`python -m tlgan_train.cli`, which `torchrun` starts."""

import sys

from tlgan_train.cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
