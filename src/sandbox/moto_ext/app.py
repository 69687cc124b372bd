"""The server's front: the gate, our own page, patches at the first use of a service, and readable errors instead of HTML pages."""

import importlib
import io
import json
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from moto_ext import AFTER_RESET, VERSION, answers, clock, connections, gate, lookups, wire
from moto_ext.pages import PAGES
from moto_ext.postgres import installation
from moto_ext.wire import answer

# Loaded behind the first answer, in the order in which a stack needs them.
PRELOAD = ("sts", "iam", "ec2", "rds", "secretsmanager", "sns", "cloudwatch")
PATCHES = {
    "ec2": ("ec2.calls", "ec2.interfaces", "ec2.instances", "ec2.nat", "ec2.routes", "ec2.groups", "ec2.deletes"),
    "rds": (
        *("rds.databases", "rds.modify", "rds.checks", "rds.groups", "rds.catalog", "rds.parameters", "rds.stop"),
        *("rds.snapshots", "rds.postgres", "rds.restore", "rds.failover", "rds.events"),
    ),
    "secretsmanager": ("secretsmanager.names", "secretsmanager.stages"),
    "ssm": ("ec2.calls", "ec2.instances", "ssm.sessions"),
    "ecs": ("ec2.calls", "ecs.clusters", "ecs.tasks", "ecs.calls", "ecs.service_calls", "ecs.history", "ecs.rollout"),
    "logs": ("logs.reads",),
    "elb": ("ec2.calls", "elb.balancers"),
    "elbv2": ("ec2.calls", "elb.balancers"),
    "acm": ("acm.certificates",),
    "applicationautoscaling": ("autoscaling.targets",),
    "sns": ("sns.subscriptions",),
    "cloudwatch": ("cloudwatch.alarms",),
}
# By moto's names: what infra uses. The rest of moto is a large surface that nobody here has looked at, so nobody reaches it.
SERVED = {
    *("acm", "applicationautoscaling", "cloudwatch", "ec2", "ecr", "ecs", "elb", "elbv2", "iam", "logs"),
    *("rds", "s3", "secretsmanager", "sns", "ssm", "sts", "moto_api"),
}
FORM_LIMIT = 1_000_000
DRAINED = 1 << 20


def install(moto_version: str) -> None:
    import moto.server
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication
    from werkzeug.serving import WSGIRequestHandler

    answers.install()
    lookups.install()
    connections.install()
    # A line per request would fill the log of a long-lived daemon.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    WSGIRequestHandler.log_request = lambda *_: None
    page = {"version": VERSION, "moto": moto_version, "pid": os.getpid(), "seconds": clock.SECONDS}
    page["postgres"] = installation.CONFIG["version"] if installation.CONFIG else None
    page["privateDatabases"] = os.environ.get("INFRA_SANDBOX_PRIVATE_DATABASES") == "1"

    class Sandbox(DomainDispatcherApplication):
        def __init__(self, create_app: Callable[[Any], Any]):
            super().__init__(lambda service: patched(service, create_app))
            self.lock: Any = threading.RLock()
            self.get_backend_for_host: Any = lookups.remembered(super().get_backend_for_host)
            threading.Thread(target=self.preload, daemon=True).start()

        def preload(self) -> None:
            for service in PRELOAD:
                with self.lock:
                    if service not in self.app_instances:
                        self.app_instances[service] = self.create_app(service)
                time.sleep(0.001)  # a request that waits for the lock gets its turn

        def reset(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            with self.lock:  # moto walks through all models: none may be loaded meanwhile
                chunks = list(super().__call__(environ, start_response))
                for forget in AFTER_RESET:
                    forget()
                return chunks

        def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            start_response = without_cors(start_response)
            try:
                gate.check(environ)
            except gate.Refused as refused:
                return turned_away(environ, start_response, refused)
            path = environ.get("PATH_INFO", "")
            if path == "/infra-sandbox":
                return answer(start_response, "200 OK", "application/json", json.dumps(page).encode())
            if path in PAGES:
                return PAGES[path](environ, start_response)
            if wire.service_of(environ) == "freetier":
                plans = importlib.import_module("moto_ext.freetier.account_plan")
                status, said = plans.state(environ)
                return answer(start_response, status, "application/x-amz-json-1.0", said, ("x-amzn-RequestId", "infra-sandbox"))
            if path == "/moto-api/reset":
                return self.reset(environ, start_response)
            if path.startswith("/moto-api"):
                return lacking(environ, start_response, b"", "")
            if "HTTP_X_AMZ_EXPECTED_BUCKET_OWNER" in environ and not buckets().owned_as_expected(environ):
                return turned_away(environ, start_response, gate.Refused("AccessDenied", "Access Denied"))
            body = peek(environ)
            seen: list[Any] = []
            try:
                chunks = super().__call__(environ, lambda *args: seen.append(args) or (lambda _: None))
            except NotImplementedError as error:
                return lacking(environ, start_response, body, str(error))
            except Exception as error:
                traceback.print_exc()
                return broken(environ, start_response, body, error)
            status, headers = seen[0][0], seen[0][1]
            html = any(k.lower() == "content-type" and "text/html" in v for k, v in headers)
            if status[:3] in ("404", "405") and html:
                return lacking(environ, start_response, body, "")
            start_response(status, headers)
            return chunks

    moto.server.DomainDispatcherApplication = Sandbox
    moto.server.signal_handler = leave
    if os.environ.get("INFRA_SANDBOX_WITH_PARENT") == "1":
        threading.Thread(target=leave_with_parent, args=(os.getppid(),), daemon=True).start()


def leave_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    leave()


def leave(*_: Any) -> None:
    sys.stderr.flush()
    os._exit(0)  # there is nothing to save, and taking a loaded moto down in order takes Python a second and more


def patched(service: Any, create_app: Callable[[Any], Any]) -> Any:
    if service not in SERVED:
        raise NotImplementedError("the whole service")
    for name in ("iam.policies", *PATCHES.get(service, ())):  # any request looks its account up in IAM
        module = f"moto_ext.{name}"
        if module not in sys.modules:
            importlib.import_module(module)
    return create_app(service)


def buckets() -> Any:
    return importlib.import_module("moto_ext.s3.buckets")


def peek(environ: dict[str, Any]) -> bytes:
    """The form of a query request, read once and put back: the action's name is in it."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if "x-www-form-urlencoded" not in environ.get("CONTENT_TYPE", "") or not 0 < length < FORM_LIMIT:
        return b""
    body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    return bytes(body)


def fail(environ: dict[str, Any], start_response: Any, status: str, code: str, message: str) -> list[bytes]:
    protocol = wire.protocol_of(environ, wire.service_of(environ))
    kind, content = wire.error_body(protocol, code, message)
    more = [("x-amzn-ErrorType", code)]
    if protocol == "cbor":
        more.append(("smithy-protocol", "rpc-v2-cbor"))
    return answer(start_response, status, kind, content, *more)


def without_cors(start_response: Any) -> Any:
    def start(status: str, headers: Any) -> Any:
        return start_response(status, [(k, v) for k, v in headers if not k.lower().startswith("access-control-")])

    return start


def turned_away(environ: dict[str, Any], start_response: Any, refused: gate.Refused) -> list[bytes]:
    # A connection that is closed with bytes unread is reset, and the answer may get lost.
    length = environ.get("CONTENT_LENGTH", "")
    environ["wsgi.input"].read(min(int(length), DRAINED) if length.isdigit() else 0)
    return fail(environ, start_response, "403 Forbidden", refused.code, str(refused))


def lacking(environ: dict[str, Any], start_response: Any, body: bytes, detail: str) -> list[bytes]:
    what = f"{wire.service_of(environ)} {wire.action_of(environ, body)}"
    because = f" ({detail})" if detail else ""
    message = f"The sandbox has no {what}; AWS has. It is the sandbox that lacks it, not your account.{because}"
    return fail(environ, start_response, "501 Not Implemented", "NotImplemented", message)


def broken(environ: dict[str, Any], start_response: Any, body: bytes, error: Exception) -> list[bytes]:
    what = f"{wire.service_of(environ)} {wire.action_of(environ, body)}"
    message = f"The sandbox itself broke on {what}: {type(error).__name__}: {error}. Its log has the details."
    return fail(environ, start_response, "500 Internal Server Error", "InternalFailure", message)
