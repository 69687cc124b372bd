"""Reads of the logs: what the containers of ECS tasks have written up to now is there."""

import functools
from typing import Any

from moto.logs.models import LogsBackend

from moto_ext import clock
from moto_ext.ecs import logs as written
from moto_ext.ecs import world


def catch_up(backend: Any) -> None:
    ecs = world.backend_of(backend.account_id, backend.region_name)
    if ecs is None:
        return
    with world.LOCK:
        world.settle(ecs)
        for task in world.tasks(ecs):
            written.catch_up(task, clock.now())


def reading(name: str) -> None:
    read = getattr(LogsBackend, name)

    @functools.wraps(read)
    def caught_up(self: Any, *args: Any, **kwargs: Any) -> Any:
        catch_up(self)
        return read(self, *args, **kwargs)

    setattr(LogsBackend, name, caught_up)


for action in ("get_log_events", "filter_log_events", "describe_log_streams", "start_query"):
    reading(action)
