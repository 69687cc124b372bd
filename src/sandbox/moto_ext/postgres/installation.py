"""Where PostgreSQL lives in this process: the programs, the folder of all data, and the cluster that others are copies of."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
# Given by the one who starts us: {"bin": folder, "version": text, "env": {variables of the server}}. None: no PostgreSQL.
CONFIG: dict[str, Any] | None = json.loads(os.environ.get("INFRA_SANDBOX_POSTGRES") or "null")
# PostgreSQL refuses to run as root.
ROOT = hasattr(os, "getuid") and os.getuid() == 0
NOBODY: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []} if ROOT else {}
# Removes the folder when this process is gone, however it went; the servers in it end by their own guards meanwhile.
BROOM = 'cat; for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" && exit; sleep 0.3; done'
RULES = """local all rdsadmin trust
host all rdsadmin all reject
host rdsadmin all all reject
host all all 127.0.0.1/32 scram-sha-256
"""

ROOMY = 2 << 30

_lock = threading.RLock()
_made: dict[str, Any] = {"folders": 0}


def text(name: str) -> str:
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def statements(name: str) -> list[str]:
    return [line for line in text(name).splitlines() if line and not line.startswith("--")]


def program(name: str) -> str:
    return os.path.join((CONFIG or {})["bin"], name)


def environment(home: str) -> dict[str, str]:
    given = (CONFIG or {}).get("env", {})
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": home, "LC_ALL": "C", **given}


def run(args: list[str], home: str, lines: str = "") -> str:
    """A program to its end, as the server's user. What it says; an error when it fails."""
    done = subprocess.run(args, input=lines, capture_output=True, text=True, cwd=home, env=environment(home), **NOBODY)
    if done.returncode != 0:
        raise RuntimeError(f"{os.path.basename(args[0])} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def _base() -> str:
    """In memory, where that is plenty: making the thousand files of a cluster can take a disk a second."""
    try:
        if shutil.disk_usage("/dev/shm").free > ROOMY and os.access("/dev/shm", os.W_OK):
            return "/dev/shm"
    except OSError:
        pass  # not Linux
    # A socket's path is short by law, and root's own folder for such things may be closed to the server's user.
    base = tempfile.gettempdir()
    return "/tmp" if NOBODY or len(base) > 60 else base


def _root() -> str:
    if "root" not in _made:
        root = tempfile.mkdtemp(prefix="infra-databases-", dir=_base())
        os.chmod(root, 0o755)
        shutil.copyfile(os.path.join(HERE, "guard.sh"), os.path.join(root, "guard.sh"))  # where the server's user may read it
        os.chmod(os.path.join(root, "guard.sh"), 0o644)
        args = ["sh", "-c", BROOM, "broom", root]
        quiet = subprocess.DEVNULL
        _made["broom"] = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True)
        _made["root"] = root
    return str(_made["root"])


def guarded(args: list[str]) -> list[str]:
    return ["sh", os.path.join(_root(), "guard.sh"), *args]


def new_folder() -> str:
    with _lock:
        _made["folders"] += 1
        folder = os.path.join(_root(), str(_made["folders"]))
    os.mkdir(folder, 0o700)
    if NOBODY:
        os.chown(folder, 65534, 65534)
    return folder


def remove(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def copy_tree(source: str, target: str) -> None:
    """Of a running server files vanish on the way: those that it needs no more."""
    home = os.path.dirname(target)
    done = subprocess.run(["cp", "-Rp", source, target], capture_output=True, text=True, env=environment(home), **NOBODY)
    if not os.path.isdir(target) or any("No such file" not in line for line in done.stderr.splitlines()):
        raise RuntimeError(f"The data of a database could not be copied: {done.stderr}")


def copy(data: str, folder: str) -> str:
    """A copy of a data folder inside `folder`."""
    target = os.path.join(folder, "data")
    copy_tree(data, target)
    for name in ("postmaster.pid", "postmaster.opts"):
        if os.path.exists(os.path.join(target, name)):
            os.remove(os.path.join(target, name))
    return target


def template() -> str:
    """A cluster with the roles of RDS and no master user. Making one takes a second, copying it a tenth."""
    with _lock:
        if "template" not in _made:
            home = new_folder()
            data = os.path.join(home, "data")
            args = ["-D", data, "-U", "rdsadmin", "-A", "trust", "-E", "UTF8", "--locale=en_US.UTF-8", "--lc-messages=C"]
            run([program("initdb"), *args, "--no-sync", "--wal-segsize=1"], home)
            with open(os.path.join(data, "pg_hba.conf"), "w", encoding="utf-8") as file:
                file.write(RULES)
            with open(os.path.join(data, "postgresql.auto.conf"), "w", encoding="utf-8") as file:
                file.write("password_encryption = 'scram-sha-256'\n")
            single = [program("postgres"), "--single", "-D", data, "-c", "fsync=off", "postgres"]
            said = run(single, home, "\n".join(statements("roles.sql")) + "\n")
            if "ERROR" in said or "FATAL" in said:
                raise RuntimeError(f"PostgreSQL refused the roles of RDS: {said}")
            _made["template"] = data
        return str(_made["template"])
