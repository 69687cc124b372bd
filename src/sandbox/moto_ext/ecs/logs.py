"""What the containers that nobody runs have written: into their log group, in the streams of the awslogs driver."""

import json
from typing import Any

from moto_ext import clock

EVERY = 10  # seconds between two lines about the health check
LINES = 30  # at most so many at once: nobody has looked for a while


def stream_of(task: Any, container: dict[str, Any]) -> Any:
    """The stream of a container, made at its first line; None where its log goes elsewhere."""
    from moto.logs.models import logs_backends

    config = container.get("logConfiguration") or {}
    options = config.get("options") or {}
    if config.get("logDriver") != "awslogs" or not options.get("awslogs-group"):
        return None
    backend = logs_backends[task._account_id][options.get("awslogs-region") or task.region_name]
    name = options["awslogs-group"]
    if name not in backend.groups and options.get("awslogs-create-group") == "true":
        backend.create_log_group(name, {})
    group = backend.groups.get(name)
    if group is None:
        return None
    stream = f"{options.get('awslogs-stream-prefix')}/{container['name']}/{task.id}"
    if stream not in group.streams:
        group.create_log_stream(stream)
    return group.streams[stream]


def say(task: Any, at: float, lines: list[str]) -> None:
    """The first container that it cannot do without writes these lines."""
    container = main_of(task)
    stream = stream_of(task, container)
    if stream is not None:
        begin = round(clock.date(at).timestamp() * 1000)
        stream.put_log_events([{"timestamp": begin + i, "message": line} for i, line in enumerate(lines)])


def main_of(task: Any) -> dict[str, Any]:
    """The one behind the load balancer, or the first that must run."""
    named = [b.get("containerName") for b in (task._infra_service.load_balancers if task._infra_service else [])]
    wanted = [o.get("name") for o in overrides_of(task)]
    every: list[dict[str, Any]] = task._infra_containers
    for choice in ([c for c in every if c["name"] in [*named, *wanted]], [c for c in every if c.get("essential", True)], every):
        if choice:
            return choice[0]
    return {}


def overrides_of(task: Any) -> list[dict[str, Any]]:
    return (task.overrides or {}).get("containerOverrides") or []


def words_of(task: Any) -> list[str]:
    """What it was asked to run; empty: what its image says."""
    container = main_of(task)
    override = next((o for o in overrides_of(task) if o.get("name") == container.get("name")), {})
    return list(override.get("command") or container.get("command") or [])


def command_of(task: Any) -> str:
    return json.dumps(words_of(task)) if words_of(task) else "what its image says"


def port_of(task: Any) -> int:
    container = main_of(task)
    balancers = task._infra_service.load_balancers if task._infra_service else []
    ports = [m["containerPort"] for m in container.get("portMappings") or []]
    return int(next((b["containerPort"] for b in balancers), ports[0] if ports else 80))


def catch_up(task: Any, now: float) -> None:
    """The health checks since anybody looked last."""
    if task._infra_health in (None, "initial") or task.desired_status == "STOPPED":
        return
    last = max(task._infra_logged, now - LINES * EVERY)
    while last + EVERY <= now:
        last += EVERY
        checked(task, last)
    task._infra_logged = last


def checked(task: Any, at: float) -> None:
    code = 500 if task._infra_health == "unhealthy" else 200
    task._infra_logged = at
    say(task, at, [f'"GET {task._infra_service.health_path} HTTP/1.1" {code} "ELB-HealthChecker/2.0"'])
