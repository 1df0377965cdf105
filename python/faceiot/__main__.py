"""``python -m faceiot`` and the ``faceiot`` command: both hand their arguments to the Rust command line."""

from __future__ import annotations

import os
import signal
import sys

from ._faceiot import cli_main


def main() -> int:
    """Run the ``faceiot`` command with this process's arguments.

    Returns:
        The exit code of the command.
    """
    # The command has its own handling of Ctrl-C; Python's handler would only set a flag that nobody reads.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # `faceiot run` runs scripts in this interpreter, unless it is told another one.
    if sys.executable:
        os.environ.setdefault("FACEIOT_PYTHON", sys.executable)
    return cli_main(["faceiot", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
