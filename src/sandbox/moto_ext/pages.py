"""The sandbox's own pages, below /infra-sandbox: for those who move its clock, play its containers, or change an account."""

import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

from moto_ext import clock
from moto_ext.wire import answer

Page = Callable[[dict[str, Any], Any], list[bytes]]


def said_in(environ: dict[str, Any]) -> Any:
    """The JSON of the body. ValueError without."""
    return json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))


def told(start_response: Any, wrong: str | None) -> list[bytes]:
    said = json.dumps({"message": wrong} if wrong else {}).encode()
    return answer(start_response, "400 Bad Request" if wrong else "200 OK", "application/json", said)


def ecs_task(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """For a stand-in that plays the containers of ECS tasks: GET lists them, POST says how one of them does."""
    # Without it nobody has called ECS yet.
    ecs = importlib.import_module("moto_ext.ecs.stage") if "moto_ext.ecs.tasks" in sys.modules else None
    if environ.get("REQUEST_METHOD") == "GET":
        listed = ecs.told() if ecs else []
        return answer(start_response, "200 OK", "application/json", json.dumps(listed).encode())
    try:
        wish = said_in(environ)
        return told(start_response, ecs.played(wish) if ecs else "There is no task.")
    except (ValueError, AttributeError):
        return told(start_response, "The body must be a JSON object.")


def switch(module: str) -> Page:
    """A page that gives the JSON object which is posted to it to `switch` of a module; that says what is wrong with it, or None."""

    def page(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        try:
            return told(start_response, importlib.import_module(f"moto_ext.{module}").switch(said_in(environ)))
        except (ValueError, AttributeError):
            return told(start_response, "The body must be a JSON object.")

    return page


def let_pass(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """POST {"seconds": 60}: nobody has to wait for what takes a minute."""
    try:
        length = float(said_in(environ)["seconds"])
    except (ValueError, KeyError, TypeError):
        length = -1.0
    if environ.get("REQUEST_METHOD") != "POST" or not 0 <= length <= 10**9:
        return told(start_response, 'The body must be {"seconds": a number}.')
    clock.let_pass(length)
    return told(start_response, None)


def hide(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """POST {"account": "123456789012", "private": true}: from now on its databases answer only from inside their network."""
    try:
        wish = said_in(environ)
        account, private = str(wish["account"]), bool(wish["private"])
    except (ValueError, KeyError, TypeError):
        return told(start_response, 'The body must be {"account": an id, "private": true or false}.')
    importlib.import_module("moto_ext.postgres.inside").set_private(account, private)
    return told(start_response, None)


PAGES: dict[str, Page] = {
    "/infra-sandbox/account-plan": switch("freetier.account_plan"),
    "/infra-sandbox/ecs-task": ecs_task,
    "/infra-sandbox/pass": let_pass,
    "/infra-sandbox/private": hide,
    "/infra-sandbox/refuse-upgrade": switch("rds.events"),
}
