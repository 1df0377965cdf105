"""Connections of this process to a cloud's host names, sent to the local cloud.

The names and addresses come from ``FACEIOT_ROUTES`` (see ``quecpython/routes.py`` for its form), the local
cloud's authority from ``FACEIOT_RUN_CA``. It works below whatever library the script uses (paho-mqtt,
aliyun-iot-linkkit, requests, asyncio): in :mod:`socket` and :mod:`ssl`.

TLS stays verified: a context that connects to a name of the routes also trusts the local cloud's authority,
and expects ``localhost``, the name that the local cloud's certificate always has.
"""

from __future__ import annotations

import errno
import functools
import os
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

from .quecpython import routes

if TYPE_CHECKING:
    from collections.abc import Callable

_LOCAL_NAME = "localhost"
_lock = threading.Lock()
_addresses: dict[str, str] = {}


def redirect() -> None:
    """Sends this process's connections as the environment says. Without routes nothing is changed."""
    if not routes.known:
        return
    _names()
    _connections()
    authority = os.environ.get("FACEIOT_RUN_CA")
    if authority:
        _tls(authority)


def _target(host: str, port: int) -> tuple[str, int]:
    try:
        return routes.target(host, port)  # type: ignore[no-any-return]
    except OSError as error:
        raise ConnectionRefusedError(errno.ECONNREFUSED, f"faceiot run: {error.args[1]}") from None


def _address(name: str) -> str:
    """An address for a name that is looked up without a port: one of loopback, routed as the name is."""
    with _lock:
        if name not in _addresses:
            address = f"127.77.{len(_addresses) // 250}.{len(_addresses) % 250 + 1}"
            # All at once: other threads may be looking.
            ports = [(address, *entry[1:]) for entry in routes.known if routes.fits(entry[0], name.lower())]
            routes.known[:0] = ports
            _addresses[name] = address
        return _addresses[name]


def _text(host: object) -> str | None:
    if isinstance(host, bytes | bytearray):
        host = host.decode("ascii", "replace")
    return host if isinstance(host, str) and host else None


def _names() -> None:
    lookup = socket.getaddrinfo
    by_name = socket.gethostbyname

    @functools.wraps(lookup)
    def getaddrinfo(host: Any, port: Any, *more: Any, **options: Any) -> Any:
        name = _text(host)
        if name is not None and routes.find(name) is not None:
            number = socket.getservbyname(port) if isinstance(port, str) and not port.isdigit() else port
            host, port = _target(name, int(number)) if number else (_address(name), port)
        return lookup(host, port, *more, **options)

    @functools.wraps(by_name)
    def gethostbyname(hostname: str) -> str:
        return by_name(hostname if routes.find(hostname) is None else _address(hostname))

    socket.getaddrinfo = getaddrinfo
    socket.gethostbyname = gethostbyname


def _connections() -> None:
    """Names and addresses that go to ``connect`` as they are."""

    def mapped(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
        @functools.wraps(connect)
        def call(self: socket.socket, address: Any) -> Any:
            if isinstance(address, tuple) and len(address) >= 2:
                name = _text(address[0])
                if name is not None and routes.find(name) is not None:
                    address = (*_target(name, address[1]), *address[2:])
            return connect(self, address)

        return call

    for method in ("connect", "connect_ex"):
        setattr(socket.socket, method, mapped(getattr(socket.socket, method)))


def _tls(authority: str) -> None:
    def mapped(wrap: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(wrap)
        def call(self: ssl.SSLContext, *more: Any, server_hostname: Any = None, **options: Any) -> Any:
            name = _text(server_hostname)
            if name is not None and routes.find(name) is not None:
                self.load_verify_locations(cafile=authority)
                server_hostname = _LOCAL_NAME
            return wrap(self, *more, server_hostname=server_hostname, **options)

        return call

    for method in ("wrap_socket", "wrap_bio"):
        setattr(ssl.SSLContext, method, mapped(getattr(ssl.SSLContext, method)))
