"""The targets that ECS registers: initial, healthy, unhealthy, draining, gone."""

from typing import Any

from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup, elbv2_backends

from moto_ext.ecs.tasks import address

UNHEALTHY = "Health checks failed with these codes: [500]"
NOT_IN_USE = "Target group is not configured to receive traffic from the load balancer"
STATES: dict[str, tuple[str | None, str | None]] = {
    "initial": ("Elb.InitialHealthChecking", "Initial health checks in progress"),
    "healthy": (None, None),
    "unhealthy": ("Target.ResponseCodeMismatch", UNHEALTHY),
    "draining": ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
    "unused": ("Target.NotInUse", NOT_IN_USE),
}


def group_of(task: Any, arn: str) -> Any:
    return elbv2_backends[task._account_id][task.region_name].target_groups.get(arn)


def register(task: Any) -> list[str]:
    """The ARNs of the target groups that it is in, whose health check decides from now on."""
    service, ip, into = task._infra_service, address(task), []
    for balancer in service.load_balancers:
        group = group_of(task, balancer["targetGroupArn"])
        if group is None or ip is None:
            continue
        group.targets[ip] = {"Id": ip, "Port": balancer["containerPort"]}
        group.__dict__.setdefault("_infra_tasks", {})[ip] = task
        task._infra_health = "initial"
        into.append(group.arn)
    return into


def sweep(group: Any) -> None:
    """Takes those out whose tasks are gone."""
    tasks = group.__dict__.get("_infra_tasks", {})
    for ip in [ip for ip, task in tasks.items() if task.last_status == "STOPPED"]:
        del tasks[ip]
        target = group.targets.pop(ip, None)
        if target:
            group.deregistered_targets[ip] = target


_health_for = FakeTargetGroup.health_for


def health_for(self: Any, target: dict[str, Any], ec2_backend: Any) -> Any:
    task = self.__dict__.get("_infra_tasks", {}).get(target["Id"])
    if task is None or target["Id"] not in self.targets:
        return _health_for(self, target, ec2_backend)
    in_use = elbv2_backends[self.account_id][self.region_name]._any_listener_using(self.arn)
    state = "draining" if task.desired_status == "STOPPED" else task._infra_health if in_use else "unused"
    return FakeHealthStatus(target["Id"], self.targets[target["Id"]]["Port"], self.health_check_port, state, *STATES[state])


FakeTargetGroup.health_for = health_for
