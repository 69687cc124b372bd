"""How a task goes on by itself. No container runs in the sandbox: the image's tag says what there is to play."""

from typing import Any

from moto_ext import clock
from moto_ext.ecs import logs, targets
from moto_ext.ecs.tasks import stop
from moto_ext.ecs.trouble import trouble
from moto_ext.ecs.world import LOCK
from moto_ext.postgres import inside, installation

# Whoever runs psql in a container wants its answers. Where databases answer only from inside, it runs for real; else somebody
# else plays it (infra's own tests, for one), and it waits for them until it is told to stop.
PATIENT = "/docker/library/postgres:"
EXITED = "Essential container in task exited"


def tag_of(image: str) -> str:
    name = image.split("@")[0]
    return name.rsplit(":", 1)[1] if ":" in name.rsplit("/", 1)[-1] else "latest"


def plays(task: Any, what: str) -> bool:
    """Whether a container that the task cannot do without has an image whose tag begins with this word."""
    return any(tag_of(c["image"]).startswith(what) for c in task._infra_containers if c.get("essential", True))


def is_patient(task: Any) -> bool:
    return any(PATIENT in c["image"] for c in task._infra_containers)


def due(task: Any) -> float | None:
    """When it takes its next step."""
    return task._infra_steps[0][0] if task._infra_steps else None


def go_on(task: Any, at: float) -> bool:
    """Takes its next step. True: it has failed."""
    _, step = task._infra_steps.pop(0)
    return STEPS[step](task, at)


def later(task: Any, at: float, step: str, wait: float) -> None:
    task._infra_steps.append((at + wait, step))


def runs_inside(task: Any) -> bool:
    """It is infra's psql, in an account whose databases answer only from inside."""
    one_off = task._infra_service is None and is_patient(task)
    return one_off and installation.CONFIG is not None and inside.is_private(task._account_id)


def run(task: Any, at: float) -> bool:
    found = (inside.NO_WAY, None) if runs_inside(task) and not inside.has_way_out(task) else trouble(task)
    if found:
        stop(task, "TaskFailedToStart", found[0], container_reason=found[1], at=at)
        return True
    task._infra_runs_at = at
    pause = clock.seconds("ecs")
    if plays(task, "crash"):
        logs.say(task, at, ["starting", "fatal: the tag of this image begins with crash, so it ends with exit code 1"])
        later(task, at, "crash", pause / 2)
    elif runs_inside(task):
        inside.start(task, logs.main_of(task), logs.words_of(task), lambda code, lines: ended(task, code, lines))
    elif task._infra_service is None:
        logs.say(task, at, [f"the sandbox runs no containers; this one was asked to run: {logs.command_of(task)}"])
        if not is_patient(task):
            later(task, at, "exit", clock.seconds("task"))
    else:
        logs.say(task, at, [f"listening on port {logs.port_of(task)}"])
        for group in targets.register(task):
            task._infra_service.say(f"registered 1 targets in (target-group {group})", at)
        if task._infra_health is not None:
            later(task, at, "check", pause)
    return False


def ended(task: Any, code: int, lines: list[str]) -> None:
    """It has run for real, and this is what became of it."""
    with LOCK:
        logs.say(task, clock.now(), lines)
        stop(task, "EssentialContainerExited", EXITED, code)


def crash(task: Any, at: float) -> bool:
    stop(task, "EssentialContainerExited", EXITED, 1, at=at)
    return True


def leave(task: Any, at: float) -> bool:
    logs.say(task, at, ["done"])
    stop(task, "EssentialContainerExited", EXITED, 0, at=at)
    return False


def check(task: Any, at: float) -> bool:
    """The load balancer has made up its mind."""
    bad = plays(task, "unhealthy")
    task._infra_health = "unhealthy" if bad else "healthy"
    logs.checked(task, at)
    if bad:
        later(task, at, "expel", clock.seconds("ecs"))
    return False


def expel(task: Any, at: float) -> bool:
    group = task._infra_service.load_balancers[0]["targetGroupArn"]
    task._infra_service.say(f"(port {logs.port_of(task)}) is unhealthy in (target-group {group}) due to (reason {targets.UNHEALTHY})", at)
    stop(task, "ServiceSchedulerInitiated", f"Task failed ELB health checks in (target-group {group})", 137, at=at)
    return True


STEPS = {"run": run, "crash": crash, "exit": leave, "check": check, "expel": expel}
