"""Find free TCP ports on 127.0.0.1, or say who must move."""

import socket
from collections.abc import Sequence

from server.embedded.errors import PortTakenError


def is_free(port: int) -> bool:
    """Tell whether 127.0.0.1:port can be listened on now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def require_free(port: int, title: str) -> None:
    """Raise PortTakenError, naming what wanted the port."""
    if not is_free(port):
        raise PortTakenError(
            f"Port {port} on 127.0.0.1, wanted for {title}, is taken by another program; "
            "stop that program or choose another port."
        )


def free_ports(count: int, remembered: Sequence[int] = ()) -> list[int]:
    """Return the remembered ports when all are still free, else count new ones."""
    if len(remembered) == count and all(is_free(port) for port in remembered):
        return list(remembered)
    listeners = [socket.socket() for _ in range(count)]
    try:
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()
