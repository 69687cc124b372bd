"""A session of the superuser: PostgreSQL's protocol as far as the sandbox itself needs it, over a socket that is ours alone."""

import socket
import struct
from typing import Any


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


class Session:
    def __init__(self, folder: str, port: int) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(f"{folder}/.s.PGSQL.{port}")
        self.stream = self.socket.makefile("rb")
        hello = struct.pack("!i", 196608) + b"user\0rdsadmin\0database\0postgres\0\0"
        self.socket.sendall(struct.pack("!i", len(hello) + 4) + hello)
        self._answer()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stream.close()
        self.socket.close()

    def ask(self, sql: str) -> list[list[str | None]]:
        """The rows of one statement."""
        body = sql.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!i", len(body) + 4) + body)
        return self._answer()

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


def _columns(body: bytes) -> list[str | None]:
    columns: list[str | None] = []
    at = 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        size = struct.unpack("!i", body[at : at + 4])[0]
        columns.append(None if size < 0 else body[at + 4 : at + 4 + size].decode())
        at += 4 + max(size, 0)
    return columns
