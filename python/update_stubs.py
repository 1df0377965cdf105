"""Writes the texts of the extension into its stub, so that editors show what `help()` shows.

Run it with the Python that has the new wheel installed, from outside the source tree or anywhere else:

    python python/update_stubs.py

A test (`test_the_stub_says_what_help_says`) fails when it was forgotten.
"""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
STUB = HERE / "faceiot" / "_faceiot.pyi"
# A script finds the modules beside it first; wanted is the installed package.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE]


def text_of(path: tuple[str, ...]) -> str:
    """The documentation of something in the extension."""
    from faceiot import _faceiot

    thing: object = _faceiot
    for name in path:
        thing = (
            inspect.getattr_static(thing, name)
            if len(path) > 1 and name == path[-1]
            else getattr(thing, name)
        )
    thing = getattr(thing, "__func__", thing)
    return inspect.cleandoc(getattr(thing, "__doc__", None) or "")


def quoted(text: str, indent: str) -> list[str]:
    """A docstring of this text, indented."""
    quote = 'r"""' if "\\" in text else '"""'
    lines = [f"{indent}{line}".rstrip() for line in text.splitlines()]
    if len(lines) == 1:
        return [f'{indent}{quote}{text}"""']
    return [f"{indent}{quote}{text.splitlines()[0]}", *lines[1:], f'{indent}"""']


def main() -> int:
    """Rewrites the stub; the exit code says whether it changed."""
    source = STUB.read_text("utf-8")
    lines = source.splitlines()
    edits: list[tuple[int, int, list[str]]] = []

    def visit(node: ast.ClassDef | ast.FunctionDef, path: tuple[str, ...]) -> None:
        if node.name.startswith("_"):
            return
        text = text_of(path)
        first = node.body[0]
        indent = " " * (node.col_offset + 4)
        has_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        if isinstance(node, ast.FunctionDef):
            header_end = (node.returns.end_lineno or 0) if node.returns else node.lineno
            header = lines[header_end - 1]
            edits.append(
                (header_end, node.end_lineno or 0, [header.removesuffix(" ..."), *quoted(text, indent)])
            )
        elif has_text:
            edits.append((first.lineno, first.end_lineno or 0, quoted(text, indent)))
        else:
            edits.append((node.lineno, node.lineno, [lines[node.lineno - 1], *quoted(text, indent), ""]))

    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            visit(node, (node.name,))
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef):
                        visit(inner, (node.name, inner.name))
    for start, end, new in sorted(edits, reverse=True):
        lines[start - 1 : end] = new
    text = "\n".join(lines) + "\n"
    STUB.write_text(text, "utf-8")
    return int(text != source)


if __name__ == "__main__":
    sys.exit(main())
