"""Reads of the logs: what the containers of ECS tasks have written up to now is there."""

import functools
import sys
from typing import Any

from moto.logs.models import LogsBackend

from moto_ext import clock


def catch_up(backend: Any) -> None:
    rollout = sys.modules.get("moto_ext.ecs.rollout")
    if rollout is None:  # nobody has called ECS yet
        return
    from moto.ecs.models import ecs_backends

    from moto_ext.ecs import logs

    with rollout.LOCK:
        ecs = ecs_backends[backend.account_id][backend.region_name]
        rollout.settle(ecs)
        for tasks in list(ecs.tasks.values()):
            for task in list(tasks.values()):
                logs.catch_up(task, clock.now())


def reading(name: str) -> None:
    read = getattr(LogsBackend, name)

    @functools.wraps(read)
    def caught_up(self: Any, *args: Any, **kwargs: Any) -> Any:
        catch_up(self)
        return read(self, *args, **kwargs)

    setattr(LogsBackend, name, caught_up)


for action in ("get_log_events", "filter_log_events", "describe_log_streams", "start_query"):
    reading(action)
