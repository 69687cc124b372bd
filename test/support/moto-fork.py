"""Servers for tests, forked from one process that has loaded moto: a start costs a tenth of its processor time.

python moto-fork.py SOCKET  listens on a Unix socket. A connection asks for one server with a line of JSON,
{"args": [extension, ...], "env": {}, "cwd": folder, "log": file}, hears its process id in a line, and stays open: the server ends
with it. From the fork on, the server runs as `python extension ...` does, and reads its environment itself. This process ends when
its standard input does.
"""

import gc
import importlib
import json
import os
import random
import runpy
import selectors
import signal
import socket
import sys
import threading
from typing import Any

# What servers set before they load moto, too (src/sandbox/moto_ext/__main__.py).
os.environ.update(MOTO_EC2_LOAD_DEFAULT_AMIS="false", MOTO_DISABLE_GLOBAL_CORS="true")
SERVICES = {
    "acm": "acm",
    "applicationautoscaling": "application-autoscaling",
    "cloudwatch": "cloudwatch",
    "ec2": "ec2",
    "ecr": "ecr",
    "ecs": "ecs",
    "elb": "elb",
    "elbv2": "elbv2",
    "iam": "iam",
    "logs": "logs",
    "rds": "rds",
    "s3": "s3",
    "secretsmanager": "secretsmanager",
    "sns": "sns",
    "ssm": "ssm",
    "sts": "sts",
}


def load() -> None:
    import moto.server  # noqa: F401
    from moto.core.utils import get_service_model, service_name_from_moto_package_name

    for package, service in SERVICES.items():
        importlib.import_module(f"moto.{package}.urls")
        get_service_model(service)
        service_name_from_moto_package_name(package)
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page that it looks at


def leave_with(caller: socket.socket) -> None:
    try:
        while caller.recv(1):
            pass
    except OSError:
        pass
    os._exit(0)


def serve(caller: socket.socket, wish: dict[str, Any]) -> None:
    log = os.open(wish["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
    os.chdir(wish["cwd"])
    os.environ.clear()
    os.environ.update(wish["env"])
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    random.seed()
    from moto.moto_api._internal import mock_random

    mock_random.seed()  # or all servers would make up the same ids
    threading.Thread(target=leave_with, args=(caller,), daemon=True).start()
    sys.argv = wish["args"]
    sys.path[0] = wish["args"][0]
    sys.dont_write_bytecode = True
    code = 1
    try:
        runpy.run_path(wish["args"][0], run_name="__main__")
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main(path: str) -> None:
    load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries those that have ended
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started us
    door = socket.socket(socket.AF_UNIX)
    door.bind(path)
    door.listen(64)
    print("listening", flush=True)
    waiting = selectors.DefaultSelector()
    waiting.register(door, selectors.EVENT_READ)
    waiting.register(0, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            if key.fd == 0:
                if not os.read(0, 1):
                    return
                continue
            caller, _ = door.accept()
            line = caller.makefile("rb").readline()
            if not line:
                caller.close()
                continue
            pid = os.fork()
            if pid == 0:
                waiting.close()
                door.close()
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                serve(caller, json.loads(line))
            caller.sendall(f"{pid}\n".encode())
            caller.close()


main(sys.argv[1])
