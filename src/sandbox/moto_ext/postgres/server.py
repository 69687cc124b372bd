"""One PostgreSQL server: its data, started when somebody wants to connect, copied while it runs, and gone without a trace."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

from moto_ext.postgres import installation
from moto_ext.postgres.session import Session

START_SECONDS = 30


class Master:
    """Who may do everything that RDS lets one do, and the database that is made with the instance."""

    def __init__(self, user: str, password: str, database: str | None) -> None:
        self.user, self.password, self.database = user, password, database

    def make(self, session: Session) -> None:
        for statement in installation.statements("master.sql"):
            session.fill(statement, self.user, self.password)
        if self.database and self.database != "postgres":
            session.fill("CREATE DATABASE %1$I OWNER %2$I", self.database, self.user)


class Server:
    """`master` is asked for when the data are made: until then the instance may get another password."""

    def __init__(self, master: Callable[[], Master], data: str | None = None) -> None:
        self.master = master
        self.folder = installation.new_folder() if data else None
        self.data = installation.copy(data, self.folder) if data and self.folder else None
        self.guard: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.gone = False
        self.lock = threading.RLock()

    def running(self) -> bool:
        return self.guard is not None and self.guard.poll() is None

    def connect(self) -> socket.socket:
        """A connection to the server, which is started when it does not run."""
        with self.lock:
            if self.gone:
                raise RuntimeError("the database is gone")
            if not self.running():
                self._start()
            port = self.port
        return socket.create_connection(("127.0.0.1", port))

    def set_password(self, password: str) -> None:
        with self.lock:
            if self.data:  # otherwise they will be made with it
                self.connect().close()
                with Session(str(self.folder), self.port) as session:
                    session.fill("ALTER ROLE %1$I PASSWORD %2$L", self.master().user, password)

    def stop(self) -> None:
        """Cuts all connections and writes everything down. The next one to connect starts it again."""
        with self.lock:
            self._end("INT")

    def remove(self) -> None:
        with self.lock:
            self.gone = True
            self._end("QUIT")
            if self.folder:
                installation.remove(self.folder)
            self.folder, self.data = None, None

    def save(self) -> str | None:
        """A copy of the data as they are now, in a folder of its own; connections stay. None: there are no data yet."""
        with self.lock:
            if not self.data:
                return None
            folder = installation.new_folder()
            if not self.running():
                return installation.copy(self.data, folder)
            with Session(str(self.folder), self.port) as session:
                number = int(session.ask("SHOW server_version_num")[0][0] or 0)
                old = number < 150000
                session.ask(f"SELECT pg_catalog.{'pg_start_backup' if old else 'pg_backup_start'}('infra', true{', false' if old else ''})")
                copied = installation.copy(self.data, folder)
                stop = "pg_stop_backup(false, false)" if old else "pg_backup_stop(false)"
                label = session.ask(f"SELECT labelfile FROM pg_catalog.{stop}")[0][0] or ""
            # What was written during the copy is in the log, which is whole only now.
            log = os.path.join(copied, "pg_wal")
            installation.remove(log)
            installation.copy_tree(os.path.join(self.data, "pg_wal"), log)
            with open(os.path.join(copied, "backup_label"), "w", encoding="utf-8") as file:
                file.write(label)
            return copied

    def _start(self) -> None:
        if self.folder is None:
            self.folder = installation.new_folder()
        fresh = self.data is None
        if fresh:
            self.data = installation.copy(installation.template(), self.folder)
        try:
            self._launch()
            if fresh:
                with Session(self.folder, self.port) as session:
                    self.master().make(session)
        except Exception:
            self._end("QUIT")
            if fresh:  # half of it would look like all of it
                installation.remove(str(self.data))
                self.data = None
            raise

    def _launch(self) -> None:
        log = os.path.join(str(self.folder), "log")
        for attempt in range(3):
            self.port = free_port()
            self.guard = self._guarded(log)
            if self._ready():
                return
            with open(log, encoding="utf-8", errors="replace") as file:
                said = file.read()
            if "Address already in use" not in said or attempt == 2:
                raise RuntimeError(f"PostgreSQL did not start: {said[-2000:]}")

    def _guarded(self, log: str) -> "subprocess.Popen[Any]":
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "fsync": "off",
            "timezone": "UTC",
            "wal_keep_size": "256MB",  # what a copy needs must outlast it
        }
        args = [installation.program("postgres"), "-D", str(self.data), "-p", str(self.port)]
        for name, value in settings.items():
            args += ["-c", f"{name}={value}"]
        with open(log, "wb") as out:
            return subprocess.Popen(
                installation.guarded(args),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                start_new_session=True,
                cwd=self.folder,
                env=installation.environment(str(self.folder)),
                **installation.NOBODY,
            )

    def _ready(self) -> bool:
        """Until the server takes connections; it writes so into a file. False: it has ended instead."""
        deadline = time.monotonic() + START_SECONDS
        while self.running() and time.monotonic() < deadline:
            try:
                with open(os.path.join(str(self.data), "postmaster.pid"), encoding="utf-8") as file:
                    lines = file.read().splitlines()
            except OSError:
                lines = []
            if len(lines) > 7 and lines[7].strip() == "ready":
                return True
            time.sleep(0.01)
        self._end("QUIT")
        return False

    def _end(self, signal: str) -> None:
        guard, self.guard = self.guard, None
        if guard is None or guard.stdin is None:
            return
        try:
            guard.stdin.write(f"{signal}\n".encode())
            guard.stdin.flush()
            guard.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            pass
        try:
            guard.stdin.close()  # at the latest now the guard ends it
        except OSError:
            pass
        try:
            guard.wait(10)
        except subprocess.TimeoutExpired:
            pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
