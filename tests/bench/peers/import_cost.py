"""What importing a module costs in a fresh process: seconds and resident memory, as JSON.

Usage: import_cost.py MODULE
"""

import importlib
import json
import sys
import time
from pathlib import Path


def resident() -> float:
    """Resident memory in MiB."""
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")
    )
    return int(line.split()[1]) / 1024


def main() -> None:
    """Measures and prints."""
    before, began = resident(), time.perf_counter()
    importlib.import_module(sys.argv[1])
    print(json.dumps({"seconds": time.perf_counter() - began, "mebibytes": resident() - before}))


if __name__ == "__main__":
    main()
