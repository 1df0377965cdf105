# usocket: the interpreter's sockets. Names are looked up as FACEIOT_ROUTES says, so that a cloud's leads to the local one.
from socket import *  # noqa: F403
from socket import getaddrinfo as _getaddrinfo

from . import routes


def _routed(host, port, *more):
    host, port = routes.target(host, port)
    return _getaddrinfo(host, port, *more)


getaddrinfo = _routed  # type: ignore[assignment]
