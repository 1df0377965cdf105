"""The package as it is installed: what is in it, its types, its documentation, its errors."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import json
import os
import pickle
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import faceiot
from faceiot import errors

PACKAGE = Path(faceiot.__file__).parent
MODULES = ("faceiot", "faceiot.sign", "faceiot.chunk", "faceiot.local", "faceiot.errors")


def test_the_installed_wheel_is_what_is_tested(repository):
    assert not PACKAGE.is_relative_to(repository)
    assert not Path.cwd().is_relative_to(repository), "run from outside the tree: `make test` does"
    shipped = {str(file) for file in metadata.files("faceiot")}
    assert {"faceiot/py.typed", "faceiot/_faceiot.pyi", "faceiot/_faceiot.abi3.so"} <= shipped
    assert metadata.version("faceiot") == faceiot.__version__


def test_every_public_name_is_there():
    for name in MODULES:
        module = importlib.import_module(name)
        assert all(hasattr(module, public) for public in module.__all__), name
        assert list(module.__all__) == sorted(module.__all__, key=module.__all__.index)
        assert module.__doc__, name


def documented(tree: ast.Module):
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                    yield f"{node.name}.{inner.name}", inner


@pytest.mark.parametrize("module", ["_faceiot"])
def test_the_stub_says_what_help_says(module):
    """Editors read the stub, `help()` the extension: one text, kept equal by `python/update_stubs.py`."""
    tree = ast.parse((PACKAGE / f"{module}.pyi").read_text("utf-8"))
    runtime = importlib.import_module(f"faceiot.{module}")
    found = 0
    for name, node in documented(tree):
        thing = runtime
        for part in name.split("."):
            thing = getattr(thing, part)
        expected = inspect.cleandoc(thing.__doc__ or "")
        assert expected, f"{name} is not documented"
        assert ast.get_docstring(node) == expected, f"{name}: run `python python/update_stubs.py`"
        found += 1
    assert found > 60


def public_functions():
    for module in MODULES:
        for name in importlib.import_module(module).__all__:
            thing = getattr(importlib.import_module(module), name)
            if inspect.isbuiltin(thing):
                yield f"{module}.{name}", thing
            elif inspect.isclass(thing) and not issubclass(thing, BaseException):
                for method, function in inspect.getmembers(thing, callable):
                    if not method.startswith("_"):
                        yield f"{module}.{name}.{method}", function


@pytest.mark.parametrize("function", [pytest.param(f, id=n) for n, f in public_functions()])
def test_every_function_documents_its_arguments(function):
    text = function.__doc__ or ""
    parameters = [p for p in inspect.signature(function).parameters if p not in ("self", "cls")]
    assert text.strip(), "no documentation"
    missing = [name for name in parameters if f"    {name}: " not in text]
    assert not missing, f"Args: does not name {missing}"


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_the_documentation_run(module):
    module = importlib.import_module(module)
    finder, failures, tried = doctest.DocTestFinder(recurse=False), [], 0
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    things = {module.__name__: module}
    for name in module.__all__:
        things[name] = getattr(module, name)
        if inspect.isclass(things[name]):
            things |= {f"{name}.{key}": value for key, value in inspect.getmembers(things[name], callable)}
    for name, thing in things.items():
        for test in finder.find(thing, name, module=False, globs={"faceiot": faceiot}):
            result = runner.run(test, out=failures.append)
            tried += result.attempted
    assert not failures, "\n".join(failures)
    assert tried or module.__name__ == "faceiot.errors"


# errors


@pytest.mark.parametrize("kind", sorted(faceiot.ERROR_KINDS))
def test_every_kind_of_error_has_its_class(kind):
    code, retryable = faceiot.ERROR_KINDS[kind]
    assert kind in errors._CLASS_OF, f"a new kind: give `{kind}` a class in errors.py"
    error = errors._make(kind, "what happened")
    assert (error.kind, error.code, error.retryable) == (kind, code, retryable)
    assert isinstance(error, faceiot.FaceIotError)
    assert isinstance(error, ValueError | OSError)
    assert str(error) == "what happened"


def test_the_numbers_are_stable():
    numbers = {name: code for name, (code, _) in faceiot.ERROR_KINDS.items()}
    assert numbers["hex"] == 3
    assert numbers["signature"] == 20
    assert numbers["chunk_crc"] == 44
    assert numbers["refused"] == 100
    assert numbers["disk_full"] == 200
    assert numbers["camera"] == 300
    assert len(set(numbers.values())) == len(numbers)


def test_no_kind_is_left_over():
    assert set(errors._CLASS_OF) == set(faceiot.ERROR_KINDS)


@pytest.mark.parametrize(
    ("ours", "builtin"),
    [
        (faceiot.ArgumentError, ValueError),
        (faceiot.SignatureError, ValueError),
        (faceiot.ChunkError, ValueError),
        (faceiot.JpegError, ValueError),
        (faceiot.ConfigError, ValueError),
        (faceiot.ConnectError, ConnectionError),
        (faceiot.RefusedError, ConnectionError),
        (faceiot.TimedOutError, TimeoutError),
        (faceiot.IoError, OSError),
        (faceiot.StoreError, OSError),
        (faceiot.NotFoundError, LookupError),
        (faceiot.CameraError, OSError),
    ],
)
def test_an_error_is_also_the_builtin_that_fits(ours, builtin):
    assert issubclass(ours, builtin)
    assert issubclass(ours, faceiot.FaceIotError)
    again = pickle.loads(pickle.dumps(ours("text")))  # noqa: S301 - multiprocessing does the same
    assert (type(again), str(again), again.kind) == (ours, "text", ours.default_kind)


# weight


def test_the_import_brings_little_with_it(capsys):
    code = (
        "import sys, time, json\n"
        "def rss(): return int(open('/proc/self/statm').read().split()[1]) * 4\n"
        "before, memory, start = set(sys.modules), rss(), time.perf_counter()\n"
        "import faceiot\n"
        "print(json.dumps([time.perf_counter() - start, rss() - memory, sorted(set(sys.modules) - before)]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    seconds, kibibytes, modules = json.loads(run.stdout)
    with capsys.disabled():  # numbers are printed, never asserted: this computer may be busy
        size = f"{kibibytes / 1024:.1f} MiB, {len(modules)} modules"
        print(f"\n    import faceiot: {seconds * 1000:.1f} ms, {size}")
    heavy = {"numpy", "PIL", "asyncio", "ssl", "json", "typing_extensions", "importlib.metadata", "unittest"}
    assert not heavy & set(modules)


# the command


def test_the_console_script_and_python_m_are_the_same_command(faceiot_bin):
    outputs = [
        subprocess.run([*command, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
        for command in ([faceiot_bin], [sys.executable, "-m", "faceiot"])
    ]
    assert outputs[0] == outputs[1]
    assert faceiot.__version__ in outputs[0]


def test_the_command_signs_like_the_library(faceiot_bin):
    run = subprocess.run(
        [
            faceiot_bin,
            "sign",
            "aliyun-mqtt",
            "--json",
            "--product-key",
            "pk",
            "--device-name",
            "d",
            "--timestamp",
            "none",
            "--secure-mode",
            "3",
            "--secret",
            "-",
        ],
        input="secret\n",
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["password"] == faceiot.sign.aliyun_mqtt("pk", "d", "secret").password


def test_a_wrong_command_line_ends_with_code_2(faceiot_bin):
    run = subprocess.run([faceiot_bin, "no-such-command"], capture_output=True, text=True, timeout=30)
    assert run.returncode == 2
    assert "no-such-command" in run.stderr


def test_ctrl_c_ends_the_command(faceiot_bin, tmp_path):
    import signal

    from support import running, wait_until

    arguments = [
        faceiot_bin,
        "up",
        "--data",
        str(tmp_path / "data"),
        "--mqtt",
        "127.0.0.1:0",
        "--mqtts",
        "127.0.0.1:0",
        "--http",
        "127.0.0.1:0",
    ]
    with running(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "NO_COLOR": "1"}
    ) as command:
        wait_until(lambda: (tmp_path / "data" / "api.token").exists(), "the local cloud is up")
        command.send_signal(signal.SIGINT)
        assert command.wait(20) in (0, 130, -signal.SIGINT)
