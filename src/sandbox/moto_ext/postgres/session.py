"""A session of the superuser: PostgreSQL's protocol as far as the sandbox itself needs it, over a socket that is ours alone."""

import socket
import struct
from typing import Any

# The master user owns the database postgres and may give it settings. This one is the superuser's own, and what the connection
# asks for at its start wins over the settings of databases and roles.
HELLO = b"user\0rdsadmin\0database\0rdsadmin\0options\0-c search_path=pg_catalog\0\0"


class Session:
    def __init__(self, folder: str, port: int) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(f"{folder}/.s.PGSQL.{port}")
        self.stream = self.socket.makefile("rb")
        hello = struct.pack("!i", 196608) + HELLO
        self.socket.sendall(struct.pack("!i", len(hello) + 4) + hello)
        self._answer()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stream.close()
        self.socket.close()

    def ask(self, sql: str, *values: str) -> list[list[str | None]]:
        """The rows of one statement. Values stand as $1, $2 in it, and travel apart from it."""
        if "\0" in sql:
            raise RuntimeError("A statement cannot hold a NUL character")
        if not values:
            self.socket.sendall(_message(b"Q", sql.encode() + b"\0"))
            return self._answer()
        bound = b"".join(struct.pack("!i", len(v)) + v for v in (value.encode() for value in values))
        messages = [
            _message(b"P", b"\0" + sql.encode() + b"\0\0\0"),
            _message(b"B", b"\0\0\0\0" + struct.pack("!h", len(values)) + bound + b"\0\0"),
            _message(b"E", b"\0\0\0\0\0"),
            _message(b"S", b""),
        ]
        self.socket.sendall(b"".join(messages))
        return self._answer()

    def fill(self, template: str, *values: str) -> list[list[str | None]]:
        """Runs a statement of those that take no parameters: PostgreSQL itself quotes the values (%1$I a name, %2$L a text)."""
        slots = ", ".join(f"${n + 2}::text" for n in range(len(values)))
        rows = self.ask(f"SELECT format($1::text, {slots})", template, *values)
        return self.ask(str(rows[0][0]))

    def _answer(self) -> list[list[str | None]]:
        rows: list[list[str | None]] = []
        error = ""
        while True:
            head = self.stream.read(5)
            if len(head) < 5:
                raise RuntimeError(error or "PostgreSQL hung up")
            kind, length = head[:1], struct.unpack("!i", head[1:])[0]
            body = self.stream.read(length - 4)
            if kind == b"E":
                fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
                error = f"PostgreSQL: {fields.get(b'M', '')}"
            elif kind == b"R" and struct.unpack("!i", body[:4])[0] != 0:
                raise RuntimeError("PostgreSQL wants a password from its superuser")
            elif kind == b"D":
                rows.append(_columns(body))
            elif kind == b"Z":
                if error:
                    raise RuntimeError(error)
                return rows


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _columns(body: bytes) -> list[str | None]:
    columns: list[str | None] = []
    at = 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        size = struct.unpack("!i", body[at : at + 4])[0]
        columns.append(None if size < 0 else body[at + 4 : at + 4 + size].decode())
        at += 4 + max(size, 0)
    return columns
