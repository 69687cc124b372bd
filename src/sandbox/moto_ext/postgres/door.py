"""A door on 127.0.0.1 that is open or shut, and passes bytes both ways between its callers and what is behind it."""

import socket
import struct
import sys
import threading
from collections.abc import Callable

AT_ONCE = struct.pack("ii", 1, 0)


def door(port: int = 0) -> socket.socket:
    """Bound and shut: whoever connects is refused, and nobody else gets the port."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(("127.0.0.1", port))
    except OSError:
        if not port:
            raise
        made.bind(("127.0.0.1", 0))
    return made


class Door:
    """`behind` gives a new connection to what is behind the door. A deaf door answers nobody: as an address in another network."""

    def __init__(self, behind: Callable[[], socket.socket]) -> None:
        self.behind = behind
        self.lock = threading.Lock()
        self.socket = door()
        self.port = int(self.socket.getsockname()[1])
        self.is_open = self.removed = False
        self.plug: socket.socket | None = None  # takes the only place in the queue of a deaf door

    def open(self, deaf: bool = False) -> None:
        if self.is_open and deaf != (self.plug is not None):
            self.shut()
        with self.lock:
            if self.is_open or self.removed:
                return
            self.is_open = True
            if deaf:
                # With its queue full, the system lets further callers wait without a word until they give up.
                self.socket.listen(0)
                self.plug = socket.create_connection(("127.0.0.1", self.port))
                return
            self.socket.listen(128)
            threading.Thread(target=self._welcome, args=(self.socket,), daemon=True).start()

    def shut(self) -> None:
        """Nobody gets in any more. Those inside stay; they are for what is behind to end."""
        with self.lock:
            if self.is_open:
                self.is_open = False
                self._close()
                self.socket = door(self.port)
                self.port = int(self.socket.getsockname()[1])

    def remove(self) -> None:
        with self.lock:
            self.is_open, self.removed = False, True
            self._close()

    def _close(self) -> None:
        close(self.socket)
        if self.plug:
            slam(self.plug)  # no address is kept busy by its goodbye
            self.plug.close()
            self.plug = None

    def _welcome(self, listening: socket.socket) -> None:
        while True:
            try:
                caller, _ = listening.accept()
            except OSError:
                return  # shut
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        try:
            inside = self.behind()
        except Exception as error:
            print(f"infra sandbox: {error}", file=sys.stderr, flush=True)
            slam(caller)
            caller.close()
            return
        for end in (caller, inside):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = threading.Thread(target=pass_on, args=(inside, caller), daemon=True)
        back.start()
        pass_on(caller, inside)
        back.join()
        caller.close()
        inside.close()


def pass_on(source: socket.socket, target: socket.socket) -> None:
    """One way, to its end. An end passes on as an end: the other way may still have something to say. A reset as a reset."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):
            slam(end)


def slam(end: socket.socket) -> None:
    """Its partner will see a reset; a thread that waits for its bytes wakes up."""
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        end.shutdown(socket.SHUT_RD)
    except OSError:
        pass


def close(listening: socket.socket) -> None:
    try:
        listening.shutdown(socket.SHUT_RDWR)  # on Linux closing alone does not wake the one who waits for callers
    except OSError:
        pass
    listening.close()
