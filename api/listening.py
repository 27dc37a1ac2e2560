"""The port: taken before anything else is done, by one process or for several workers."""

import socket
from contextlib import ExitStack
from typing import Final

from domain.errors import Unavailable

BACKLOG: Final = 2048


class PortTaken(Unavailable):
    """Somebody else listens there, or we may not."""


def listen(host: str, port: int) -> socket.socket:
    """Take the port; 0 is any that is free.

    Raises:
        PortTaken: It cannot be had.
    """
    return listen_together(host, port, 1)[0]


def listen_together(host: str, port: int, count: int) -> list[socket.socket]:
    """Take the port once for each worker: the kernel spreads connections over the sockets.

    The first takes it alone and shares it only then. So a port that another deployment shares
    among its own workers is found to be taken.

    Raises:
        PortTaken: It cannot be had.
    """
    with ExitStack() as unless_all_listen:
        try:
            listeners = _bind_all(host, port, count, unless_all_listen)
            for listener in listeners:
                listener.listen(BACKLOG)
        except OSError as error:
            raise PortTaken(f"cannot listen on {host} port {port}: {error.strerror}") from None
        unless_all_listen.pop_all()
    return listeners


def url_of(listener: socket.socket) -> str:
    """The address of a listener, as a browser on this machine may use it."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared with, not listened on
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bind_all(host: str, port: int, count: int, closing: ExitStack) -> list[socket.socket]:
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listeners = [closing.enter_context(socket.socket(family)) for _ in range(count)]
    for number, listener in enumerate(listeners):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, number > 0)
        listener.bind(address)
        address = listener.getsockname()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, count > 1)
    return listeners
