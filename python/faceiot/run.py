"""What ``faceiot run script.py`` does once it is in Python: the script as it is, amid what it expects.

The command (Rust) finds the local cloud, writes ``FACEIOT_ROUTES`` and ``FACEIOT_RUN_CA``, and starts an
interpreter with :func:`main`. :mod:`faceiot.compat` has the stand-ins, :mod:`faceiot.compat.network` the way
to the local cloud.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType, TracebackType

from . import compat
from .compat import network

_MODULES = Path(compat.__file__).parent


def main(arguments: list[str]) -> None:
    """Runs a script as ``python script.py`` would, with the stand-ins and the routes in place.

    Args:
        arguments: The MicroPython that shall run it instead of this Python, or an empty text; the script;
            what the script is given.
    """
    micropython, script, *rest = arguments
    if micropython:
        _hand_over(micropython, script, rest)
    sys.excepthook = _without_us
    try:
        code = compile(_source(script), script, "exec", dont_inherit=True)
    except OSError as error:
        sys.exit(f"error: `{script}`: {error.strerror}")
    compat.install()
    network.redirect()
    module = ModuleType("__main__")
    module.__file__ = script
    module.__builtins__ = sys.modules["builtins"]  # type: ignore[attr-defined]
    sys.modules["__main__"] = module
    sys.argv[:] = [script, *rest]
    sys.path.insert(0, str(Path(script).resolve().parent))
    exec(code, module.__dict__)  # noqa: S102 - the user's own script


def _source(script: str) -> bytes:
    with io.open_code(str(Path(script).absolute())) as file:
        return bytes(file.read())


def _hand_over(micropython: str, script: str, rest: list[str]) -> None:
    """Replaces this process by the MicroPython, which finds the same modules."""
    program = shutil.which(micropython)
    if program is None:
        sys.exit(f"error: there is no `{micropython}`; name a MicroPython (unix port) with --micropython")
    more = os.environ.get("MICROPYPATH", ".frozen:~/.micropython/lib:/usr/lib/micropython")
    os.environ["MICROPYPATH"] = f"{_MODULES}:{more}"
    os.execv(program, [program, "-m", "quecpython", script, *rest])  # noqa: S606 - the user's own choice


def _without_us(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Prints an exception that the script did not catch without the frames that are not the script's."""
    ours = trace
    # The command's own frames come first: `-c`'s and this file's.
    while ours is not None and ours.tb_frame.f_code.co_filename in ("<string>", __file__):
        ours = ours.tb_next
    shown = trace if ours is None and not isinstance(error, SyntaxError) else ours
    sys.__excepthook__(kind, error.with_traceback(shown), shown)
