"""How services go on: tasks are started, stopped and replaced, as far as time has come since anybody looked last."""

from typing import Any

from moto_ext import clock
from moto_ext.ecs import course, start, world
from moto_ext.ecs.service import OWN, Deployment, Service
from moto_ext.ecs.tasks import stop

MOMENTS = 2000  # steps in one look: far more than there can be
FAILURES = 8  # in one look: a service that fails for hours while nobody looks need not fail a thousand times
KEPT = 40  # ended tasks that a service remembers; AWS forgets them after an hour
BREAKER = "ECS deployment circuit breaker:"


def go_on(backend: Any, now: float) -> None:
    for service in world.services(backend):
        if service.status != "INACTIVE":
            advance(service, now)
    for task in world.tasks(backend):
        while task._infra_service is None and is_due(task, now):
            course.go_on(task, task._infra_steps[0][0])


def is_due(task: Any, now: float) -> bool:
    at = course.due(task)
    return at is not None and at <= now


def advance(service: Service, now: float) -> None:
    at, failures = service.at, 0
    for _ in range(MOMENTS):
        while reconcile(service, at):
            pass
        at = next_moment(service, at)
        if at > now:
            break
        for deployment in list(service.deployments):
            for task in [t for t in deployment.live() if is_due(t, at)]:
                if course.go_on(task, at):
                    failures += 1
                    failed(service, deployment, task, at)
        if failures >= FAILURES and not breaks(service):
            service.primary.retry_at = now + clock.seconds("ecs")
            break_off(service, now)
            break
    service.at = max(now, service.at)
    forget(service)
    if service.status == "DRAINING" and all(t.last_status == "STOPPED" for t in service.tasks):
        service.status = "INACTIVE"


def break_off(service: Service, now: float) -> None:
    """What was passed over stands at this moment."""
    for task in [t for d in service.deployments for t in d.live()]:
        task._infra_steps = [(max(at, now), step) for at, step in task._infra_steps]


def next_moment(service: Service, at: float) -> float:
    dues = [course.due(t) for d in service.deployments for t in d.live()]
    moments = [max(at, d) for d in dues if d is not None]
    if service.primary.retry_at > at:
        moments.append(service.primary.retry_at)
    return min(moments, default=float("inf"))


def is_ready(task: Any) -> bool:
    runs = task._infra_played == "RUNNING" or task._infra_runs_at is not None
    return runs and task.desired_status == "RUNNING" and task._infra_health in (None, "healthy") and not task._infra_steps


def reconcile(service: Service, at: float) -> bool:
    """One thing that is to be done at this moment. False: there is none."""
    primary, want = service.primary, service.wanted
    least, most = service.limits()
    old = [t for d in service.deployments[1:] for t in d.live()]
    mine = primary.live()
    ready = sum(map(is_ready, [*old, *mine]))
    surplus = sorted(mine, key=is_ready)[: max(0, len(mine) - want)]
    if surplus:
        return end(service, surplus, at)
    fresh = sum(map(is_ready, mine))
    crowded = len(mine) < want and len(mine) + len(old) >= most
    # One that does not serve yet goes first; of the others one may go when enough are left.
    goes = [t for t in old if not is_ready(t)] or (
        old[:1] if want == 0 or (ready - 1 >= least and (fresh + len(old) > want or crowded)) else []
    )
    if goes:
        return end(service, goes, at)
    room = min(want - len(mine), max(most, 1) - len(mine) - len(old))
    if room > 0 and primary.state != "FAILED" and at >= primary.retry_at and service.status == "ACTIVE":
        service.is_steady = False
        return start.start(service, primary, room, at)
    # A failed one is told of until another one is whole.
    gone = [d for d in service.deployments[1:] if not d.live() and (d.state != "FAILED" or primary.state != "IN_PROGRESS")]
    if gone:
        service.deployments = [d for d in service.deployments if d not in gone]
        return True
    return complete(service, at)


def complete(service: Service, at: float) -> bool:
    primary = service.primary
    alone = not any(d.live() for d in service.deployments[1:])
    whole = alone and len(primary.live()) == service.wanted and all(map(is_ready, primary.live()))
    if not whole or service.status != "ACTIVE" or primary.state == "FAILED":
        return False
    if primary.state == "IN_PROGRESS":
        primary.turn("COMPLETED", f"ECS deployment {primary.id} completed.", at)
        service.good = dict(primary.config)
        service.say(f"(deployment {primary.id}) deployment completed.", at)
        return True
    if service.is_steady:
        return False
    service.is_steady = True
    service.say("has reached a steady state.", at)
    return True


def end(service: Service, tasks: list[Any], at: float) -> bool:
    """Some that are not needed any more."""
    service.is_steady = False
    for task in tasks:
        stop(task, "ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {service.primary.id})", 143, at=at)
    tell_of_the_ended(service, tasks, at)
    return True


def tell_of_the_ended(service: Service, tasks: list[Any], at: float) -> None:
    count = len(tasks)
    registered = [t for t in tasks if t._infra_health is not None]
    if registered:
        for balancer in service.load_balancers:
            service.say(f"deregistered {len(registered)} targets in (target-group {balancer['targetGroupArn']})", at)
    if all(t.stop_code == "ServiceSchedulerInitiated" for t in tasks):
        service.say(f"has stopped {count} running tasks: {' '.join(f'(task {t.id})' for t in tasks)}.", at)


def breaks(service: Service) -> bool:
    """Whether its rollout comes to an end by itself when its tasks keep failing."""
    return bool(service.rules["deploymentCircuitBreaker"].get("enable")) and service.primary.state == "IN_PROGRESS"


def failed(service: Service, deployment: Deployment, task: Any, at: float) -> None:
    service.is_steady = False
    deployment.retry_at = at + clock.seconds("ecs")
    if task.stop_code != "TaskFailedToStart":
        tell_of_the_ended(service, [task], at)
    if deployment.state != "IN_PROGRESS":
        return
    deployment.failed += 1
    deployment.updated = at
    # docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
    threshold = min(200, max(3, -(-service.desired_count // 2)))
    if deployment is service.primary and breaks(service) and deployment.failed >= threshold:
        give_up(service, deployment, at)


def give_up(service: Service, deployment: Deployment, at: float) -> None:
    deployment.turn("FAILED", f"{BREAKER} tasks failed to start.", at)
    service.say(f"(deployment {deployment.id}) deployment failed: tasks failed to start.", at)
    rolls_back = service.rules["deploymentCircuitBreaker"].get("rollback")
    if rolls_back and service.good and not deployment.is_rollback:
        service.config = {**{n: v for n, v in service.config.items() if n not in OWN}, **service.good}
        back = service.roll_out(at, f"{BREAKER} rolling back to deploymentId")
        service.say(f"rolling back to deployment {back.id}.", at)


def forget(service: Service) -> None:
    ended = [t for t in service.tasks if t.last_status == "STOPPED"]
    for task in ended[: max(0, len(ended) - KEPT)]:
        service.tasks.remove(task)
        service._backend.tasks.get(service.cluster_name, {}).pop(task.task_arn, None)
    for deployment in service.deployments:
        deployment.tasks = deployment.live()


world.GOES_ON.append(go_on)
