"""
Connections that stay open. Werkzeug's server closes each after one answer and starts a thread for each, and a stack is made, and looked
at, by hundreds of calls.
"""

import io
import traceback
from http import HTTPStatus
from typing import Any

# Clients are told to let go of an idle connection long before we do: none is cut just when a request goes out on it.
CLIENT_SECONDS = 5
SERVER_SECONDS = 60
# A longer body is not read in one piece: it is served in Werkzeug's way, on a connection of its own.
IN_ONE_PIECE = 8 << 20
BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


def install() -> None:
    from werkzeug.serving import WSGIRequestHandler

    handler: Any = WSGIRequestHandler
    alone = handler.run_wsgi
    handler.protocol_version = "HTTP/1.1"
    handler.timeout = SERVER_SECONDS
    # Head and body of an answer leave together, and at once.
    handler.wbufsize = io.DEFAULT_BUFFER_SIZE
    handler.disable_nagle_algorithm = True
    handler.handle_expect_100 = ask_for_the_body
    handler.run_wsgi = lambda self: serve(self) if in_one_piece(self.headers) else alone(self)


def ask_for_the_body(self: Any) -> bool:
    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    self.wfile.flush()
    del self.headers["Expect"]  # Werkzeug would ask a second time
    return True


def in_one_piece(headers: Any) -> bool:
    length = headers.get("Content-Length", "0").strip()
    return length.isdecimal() and int(length) <= IN_ONE_PIECE and "Transfer-Encoding" not in headers and "Upgrade" not in headers


def serve(self: Any) -> None:
    """One request with all of its body, so that what follows on the connection is the next one."""
    environ = self.make_environ()
    environ["wsgi.input"] = io.BytesIO(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
    said: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        said[:] = [status, headers]
        return lambda _: None

    try:
        parts = self.server.app(environ, start_response)
        try:
            body = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        status, headers = said
    except ConnectionError:
        raise
    except Exception:
        traceback.print_exc()
        status, headers, body = "500 Internal Server Error", [], b""
    write(self, status, headers, body)


def write(self: Any, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
    code, _, reason = status.partition(" ")
    self.send_response(int(code), reason)
    head = self.command == "HEAD"
    for name, value in headers:
        # Of a HEAD it is the length of what a GET would bring.
        if head or name.lower() != "content-length":
            self.send_header(name, value)
    if int(code) in BODILESS:
        body = b""
    elif not head:
        self.send_header("Content-Length", str(len(body)))
    elif not any(name.lower() == "content-length" for name, _ in headers):
        self.send_header("Content-Length", "0")
    if self.close_connection:
        self.send_header("Connection", "close")
    else:
        self.send_header("Connection", "keep-alive")
        self.send_header("Keep-Alive", f"timeout={CLIENT_SECONDS}")
    self.end_headers()
    if not head:
        self.wfile.write(body)
    self.wfile.flush()
