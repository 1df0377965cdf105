"""Stand-ins for modules that a script written for another machine imports.

:data:`SHIMS` says which module stands in for which name. What is really installed, and what lies beside the
script, wins: the finder is asked last.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

from .quecpython import MODULES as _QUECPYTHON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

SHIMS: dict[str, str] = {
    **{name: f"{__name__}.quecpython.{name}" for name in _QUECPYTHON},
    "picamera": f"{__name__}.picamera",
}
"""Name that a script imports -> module that it gets."""


def install(shims: Mapping[str, str] = SHIMS) -> None:
    """Lets ``import`` find the stand-ins, from now on and in this process.

    Args:
        shims: Name that a script imports -> module that it gets.

    >>> from faceiot import compat
    >>> compat.install()
    >>> import checkNet
    >>> checkNet.waitNetworkReady()
    (3, 1)
    """
    sys.meta_path.insert(0, _Parts(shims))
    sys.meta_path.append(_Finder(shims))


class _Finder(MetaPathFinder):
    def __init__(self, shims: Mapping[str, str]) -> None:
        self._shims = shims

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        name = self._shims.get(fullname)
        return None if name is None else ModuleSpec(fullname, _Alias(name), origin=name)


class _Parts(MetaPathFinder):
    """Modules inside a stand-in: the stand-in's own, where the usual finder would load them a second time."""

    def __init__(self, shims: Mapping[str, str]) -> None:
        self._shims = shims

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        root, _, rest = fullname.partition(".")
        shim = self._shims.get(root)
        if not rest or shim is None or getattr(sys.modules.get(root), "__name__", None) != shim:
            return None
        name = f"{shim}.{rest}"
        return (
            None
            if importlib.util.find_spec(name) is None
            else ModuleSpec(fullname, _Alias(name), origin=name)
        )


class _Alias(Loader):
    """Loads the stand-in under its own name, once; the script's name is another name for the same module."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        del spec
        module = importlib.import_module(self._name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # the import system has written the alias' into it
