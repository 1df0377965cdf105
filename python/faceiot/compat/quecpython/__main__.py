# `micropython -m quecpython script.py ...`: the script as it is, with QuecPython's modules in place.
import sys

from . import install


def main():
    if len(sys.argv) < 2:
        print("usage: micropython -m quecpython script.py [argument ...]")
        sys.exit(2)
    path = sys.argv[1]
    del sys.argv[0]
    sys.path[0] = path.rpartition("/")[0]
    install()
    with open(path) as script:
        code = compile(script.read(), path, "exec")
    exec(code, {"__name__": "__main__", "__file__": path})


if __name__ == "__main__":
    main()
