"""Tasks on Fargate: states that take time or are played by somebody else, and starts that happen once."""

import datetime
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ecs.models import EC2ContainerServiceBackend as Backend
from moto.ecs.models import Task, ecs_backends
from moto.moto_api._internal import mock_random

from moto_ext import clock

STATES = ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED")
EARLY = STATES[:3]
EXEC_AGENT = "ExecuteCommandAgent"

_init = Task.__init__
NetworkInterface.private_dns_name = None  # moto sets it only in a network with DNS names, and reads it in all


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def init(self: Any, *args: Any, **kwargs: Any) -> None:
    _init(self, *args, **kwargs)
    definition = self._backend.describe_task_definition(self.task_definition_arn)
    self._infra_containers = definition.container_definitions
    self._infra_container_ids = {c["name"]: (str(mock_random.uuid4()), runtime_id(self.id)) for c in self._infra_containers}
    self._infra_runs_at = clock.now() + clock.seconds("ecs")
    self._infra_played: str | None = None  # the state that a stand-in has set: from then on time plays no part
    self._infra_exit: dict[str, Any] = {}
    self.cpu, self.memory = definition.cpu, definition.memory
    self.created_at, self.connectivity, self.version = now(), "CONNECTED", 1
    self.stopped_reason = None
    for attachment in self.attachments:
        attachment["details"] = [d for d in attachment["details"] if d["value"] is not None]


def runtime_id(task_id: str) -> str:
    return f"{task_id.replace('-', '')}-{mock_random.randint(10**9, 10**10 - 1)}"


def last_status(self: Any) -> str:
    if self._infra_played:
        return str(self._infra_played)
    stopped_at = self.__dict__.get("_infra_stopped_at")
    if stopped_at is not None:
        return "STOPPED" if clock.now() >= stopped_at else "DEPROVISIONING"
    return "RUNNING" if clock.now() >= self._infra_runs_at else "PROVISIONING"


def container_status(task: Any) -> str:
    state = task.last_status
    return "PENDING" if state in EARLY else "RUNNING" if state in ("RUNNING", "DEACTIVATING", "STOPPING") else "STOPPED"


def containers(self: Any) -> list[dict[str, Any]]:
    state = container_status(self)
    shown = []
    for definition in self._infra_containers:
        arn_id, running_id = self._infra_container_ids[definition["name"]]
        one = {
            "containerArn": f"{self.cluster_arn.replace(':cluster/', ':container/')}/{self.id}/{arn_id}",
            "taskArn": self.task_arn,
            "name": definition["name"],
            "image": definition["image"],
            "lastStatus": state,
            "networkInterfaces": [],
            "cpu": str(definition.get("cpu") or 0),
        }
        if self.last_status not in EARLY:
            one["runtimeId"] = running_id
        if state == "STOPPED":
            one.update(self._infra_exit)
        if self.__dict__.get("enable_execute_command"):
            one["managedAgents"] = [{"name": EXEC_AGENT, "lastStatus": state}]
        shown.append(one)
    return shown


def put_containers(self: Any, _: Any) -> None:
    pass  # moto's own list knows the first container only


def started_at(self: Any) -> Any:
    known = self.__dict__.get("_infra_started_at")
    return known or (self.created_at if self.desired_status == "RUNNING" and self.last_status not in EARLY else None)


def takes_sessions(account: str, region: str, target: str) -> bool:
    """Whether ecs:<cluster>_<task>_<container's runtime> runs and was started for it."""
    place, _, runtime = target.removeprefix("ecs:").rpartition("_")
    cluster, _, task_id = place.rpartition("_")
    tasks = ecs_backends[account][region].tasks.get(cluster, {})
    task = next((t for t in list(tasks.values()) if t.id == task_id), None)
    ready = task is not None and task.last_status == "RUNNING" and task.__dict__.get("enable_execute_command")
    return bool(ready) and any(c.get("runtimeId") == runtime for c in task.containers)


def stop(task: Any, code: str, reason: str, exit_code: Any = None, container_reason: Any = None) -> None:
    """It wants to stop, and gives its network interface back."""
    if task.desired_status == "STOPPED":
        return
    if exit_code is not None:
        task._infra_exit["exitCode"] = exit_code
    if container_reason:
        task._infra_exit["reason"] = container_reason
    if code != "TaskFailedToStart":
        task._infra_started_at = task.started_at
    task._infra_stopped_at = clock.now() + clock.seconds("ecs")
    task.desired_status = "STOPPED"
    task.stop_code, task.stopped_reason, task.stopping_at, task.stopped_at = code, reason, now(), now()
    ec2 = ec2_backends[task._account_id][task.region_name]
    for attachment in task.attachments:
        attachment["status"] = "DELETED"
        for detail in attachment["details"]:
            if detail["name"] == "networkInterfaceId":
                ec2.enis.pop(detail["value"], None)


def requirements(definition: Any) -> dict[str, Any]:
    """moto fails on a container without memory of its own, which a task with memory does not need."""
    every = definition.container_definitions
    return {
        "CPU": sum(int(c.get("cpu") or 0) for c in every),
        "MEMORY": sum(int(c.get("memory") or c.get("memoryReservation") or 0) for c in every),
        "PORTS": [p["hostPort"] for c in every for p in c.get("portMappings") or [] if p.get("hostPort")],
        "PORTS_UDP": [],
    }


def played(wish: dict[str, Any]) -> str | None:
    """What a stand-in for the containers says of a task; a sentence when it cannot be."""
    arn, state = str(wish.get("taskArn")), wish.get("lastStatus")
    region, account = [*arn.split(":"), "", "", "", "", ""][3:5]
    backend = ecs_backends[wish.get("account") or account][wish.get("region") or region] if account and region else None
    task = next((t for tasks in backend.tasks.values() for t in tasks.values() if t.task_arn == arn), None) if backend else None
    if task is None:
        return f"There is no task {arn}."
    if state not in STATES:
        return f"lastStatus must be one of {', '.join(STATES)}, not {state}."
    if state == "RUNNING" and not task.__dict__.get("_infra_started_at"):
        task._infra_started_at = now()
    if state in STATES[STATES.index("RUNNING") + 1 :]:
        code = wish.get("stopCode") or "EssentialContainerExited"
        reason = wish.get("stoppedReason") or "Essential container in task exited"
        stop(task, code, reason, wish.get("exitCode"), wish.get("reason"))
    task._infra_played = state
    return None


def told() -> list[dict[str, Any]]:
    """What a stand-in needs to know of the tasks that want to run."""
    tasks = [t for b in every_backend() for of in list(b.tasks.values()) for t in list(of.values())]
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
        for t in tasks
    ]


def every_backend() -> list[Any]:
    return [b for account in list(ecs_backends.values()) for b in list(account.values())]


Task.__init__ = init
Task.last_status = property(last_status)
Task.containers = property(containers, put_containers)
Task.started_at = property(started_at)
Backend._calculate_task_resource_requirements = staticmethod(requirements)
