"""The tasks and services of an account in a region: under one lock, and at this moment for all who look at them."""

import sys
import threading
from collections.abc import Callable
from typing import Any

from moto_ext import clock

LOCK = threading.RLock()
# What goes on by itself, by backend and moment. ecs.rollout adds itself; without it there are no services and no tasks yet.
GOES_ON: list[Callable[[Any, float], None]] = []


def settle(backend: Any) -> None:
    """Brings all tasks and services of an account's region to this moment."""
    with LOCK:
        now = clock.now()
        for go_on in GOES_ON:
            go_on(backend, now)


def settle_all(account: str, region: str) -> None:
    """For other services, which have something to do with tasks only when there may be any."""
    backend = backend_of(account, region)
    if backend:
        settle(backend)


def backend_of(account: str, region: str) -> Any:
    """None: nobody has called ECS yet."""
    ecs = sys.modules.get("moto.ecs.models")
    return ecs.ecs_backends[account][region] if ecs and GOES_ON else None


def tasks(backend: Any) -> list[Any]:
    return [task for of_cluster in list(backend.tasks.values()) for task in list(of_cluster.values())]


def tasks_in(backend: Any, cluster: Any) -> list[Any]:
    return [t for t in list(backend.tasks.get(cluster.name, {}).values()) if t.cluster_arn == cluster.arn]


def services(backend: Any) -> list[Any]:
    return list(backend.services.values())


def services_in(backend: Any, cluster: Any) -> list[Any]:
    return [s for s in services(backend) if s.cluster_arn == cluster.arn]
