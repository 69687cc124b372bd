"""For a stand-in that plays the containers of ECS tasks: what it hears of them, and what it says."""

from typing import Any

from moto.ecs.models import ecs_backends

from moto_ext import clock
from moto_ext.ecs import world
from moto_ext.ecs.tasks import STATES, stop


def played(wish: dict[str, Any]) -> str | None:
    """What a stand-in for the containers says of a task; a sentence when it cannot be."""
    arn, state = str(wish.get("taskArn")), wish.get("lastStatus")
    region, account = [*arn.split(":"), "", "", "", "", ""][3:5]
    backend = ecs_backends[wish.get("account") or account][wish.get("region") or region] if account and region else None
    task = next((t for t in world.tasks(backend) if t.task_arn == arn), None) if backend else None
    if task is None:
        return f"There is no task {arn}."
    if state not in STATES:
        return f"lastStatus must be one of {', '.join(STATES)}, not {state}."
    with world.LOCK:
        task._infra_steps = []
        if state == "RUNNING" and not task.started_at:
            task._infra_started_at = clock.date()
        if state in STATES[STATES.index("RUNNING") + 1 :]:
            code = wish.get("stopCode") or "EssentialContainerExited"
            reason = wish.get("stoppedReason") or "Essential container in task exited"
            stop(task, code, reason, wish.get("exitCode"), wish.get("reason"))
        task._infra_played = state
    return None


def told() -> list[dict[str, Any]]:
    """What a stand-in needs to know of the tasks that want to run."""
    backends = [b for account in list(ecs_backends.values()) for b in list(account.values())]
    for backend in backends:
        world.settle(backend)
    return [
        {
            "account": t._account_id,
            "region": t.region_name,
            "taskArn": t.task_arn,
            "cluster": t.cluster_name,
            "lastStatus": t.last_status,
            "desiredStatus": t.desired_status,
            "overrides": t.overrides,
            "containers": t._infra_containers,
        }
        for backend in backends
        for t in world.tasks(backend)
    ]
