"""The least that a broadcast can cost one process: framed once, written to each socket, and nothing else.

What a message is, who may have it and whether it is kept: none of it is asked here. So what is above this floor is a
server's own, and what is below it is the kernel's, whatever the server: `python -m server.cli.bench.floor PORT`.
"""

from __future__ import annotations

import select
import socket
import sys
from contextlib import suppress

from websockets.utils import accept_key

from realtime.frames import framed
from server.processes import bind_socket
from server.web.fanout_protocol import TEXT, Inbound

READ = 65_536
READY = framed(b'{"type":"ready"}')


class Floor:
    """Sockets that have been shaken hands with, and those that have not."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.poll = select.epoll()
        self.poll.register(listener, select.EPOLLIN)
        self.coming: dict[int, socket.socket] = {}
        self.here: dict[int, tuple[socket.socket, Inbound]] = {}

    def run(self) -> None:
        """Serve until the process is ended."""
        while True:
            for number, _ in self.poll.poll():
                if number == self.listener.fileno():
                    self._accept()
                elif number in self.coming:
                    self._shake(number)
                else:
                    self._read(number)

    def _accept(self) -> None:
        one, _ = self.listener.accept()
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.poll.register(one, select.EPOLLIN)
        self.coming[one.fileno()] = one

    def _shake(self, number: int) -> None:
        one = self.coming.pop(number)
        _, _, rest = one.recv(READ).partition(b"Sec-WebSocket-Key: ")
        accept = accept_key(rest.partition(b"\r\n")[0].decode()).encode()
        one.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + READY
        )
        one.setblocking(False)
        self.here[number] = one, Inbound(READ)

    def _read(self, number: int) -> None:
        one, inbound = self.here[number]
        try:
            data = one.recv(READ)
        except ConnectionResetError:
            data = b""
        if not data:
            del self.here[number]
            one.close()
            return
        for opcode, payload in inbound.feed(data):
            if opcode == TEXT:
                self._tell(framed(payload))

    def _tell(self, frame: bytes) -> None:
        for one, _ in self.here.values():
            with suppress(OSError):  # whoever does not read or is gone; the bench would see the loss
                one.send(frame)


def main() -> None:
    """Listen, say that we do, and serve."""
    listener = bind_socket("127.0.0.1", int(sys.argv[1]), backlog=4096)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    Floor(listener).run()


if __name__ == "__main__":
    main()
