"""Tasks on Fargate: states that take time or are played by somebody else, and starts that happen once."""

import datetime
from typing import Any

import moto.ecs.models
from moto.ec2.models import ec2_backends
from moto.ecs.models import EC2ContainerServiceBackend as Backend
from moto.ecs.models import Task, ecs_backends
from moto.moto_api._internal import mock_random

from moto_ext import clock
from moto_ext.ec2 import interfaces
from moto_ext.ecs.world import settle

STATES = ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED")
EARLY = STATES[:3]
EXEC_AGENT = "ExecuteCommandAgent"

_init = Task.__init__
moto.ecs.models.random_private_ip = lambda: None  # then the interface takes an address of its subnet


def init(self: Any, *args: Any, **kwargs: Any) -> None:
    _init(self, *args, **kwargs)
    self.id = self.id.replace("-", "")
    definition = self._backend.describe_task_definition(self.task_definition_arn)
    self._infra_containers = definition.container_definitions
    self._infra_execution_role = getattr(definition, "execution_role_arn", None)
    self._infra_container_ids = {c["name"]: (str(mock_random.uuid4()), runtime_id(self.id)) for c in self._infra_containers}
    self._infra_played = None  # the state that a stand-in has set: from then on time plays no part
    self._infra_exit = {}
    self._infra_service = None
    self._infra_health = None  # what the load balancer thinks: initial, healthy, unhealthy
    self.cpu, self.memory = definition.cpu, definition.memory
    self.connectivity, self.version = "CONNECTED", 1
    self.stopped_reason = None
    for attachment in self.attachments:
        attachment["details"] = [d for d in attachment["details"] if d["value"] is not None]
        connect(self, attachment)
    begin(self, clock.now())


def interface_of(task: Any, attachment: dict[str, Any]) -> Any:
    ec2 = ec2_backends[task._account_id][task.region_name]
    return next((ec2.enis.get(d["value"]) for d in attachment["details"] if d["name"] == "networkInterfaceId"), None)


def connect(task: Any, attachment: dict[str, Any]) -> None:
    """ECS manages its network interface, and gives it a public address where that was asked for."""
    eni = interface_of(task, attachment)
    if eni is None:
        return
    arn = f"arn:aws:ecs:{task.region_name}:{task._account_id}:attachment/{attachment['id']}"
    interfaces.claim(eni, arn, task._account_id)
    if task.network_configuration["awsvpcConfiguration"].get("assignPublicIp") == "ENABLED":
        interfaces.open_to_the_internet(eni)


def begin(task: Any, at: float) -> None:
    """From this moment on it goes its way; ecs_course knows the steps."""
    task._infra_began = at
    task._infra_runs_at = None
    task._infra_steps = [(at + clock.seconds("ecs"), "run")]
    task.created_at = clock.date(at)


def runtime_id(task_id: str) -> str:
    return f"{task_id}-{mock_random.randint(10**9, 10**10 - 1)}"


def last_status(self: Any) -> str:
    if self._infra_played:
        return str(self._infra_played)
    stopped_at = self.__dict__.get("_infra_stopped_at")
    if stopped_at is not None:
        return "STOPPED" if clock.now() >= stopped_at else "DEPROVISIONING"
    if self._infra_runs_at is not None:
        return "RUNNING"
    return "PENDING" if clock.now() >= self._infra_began + clock.seconds("ecs") / 2 else "PROVISIONING"


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
        if address(self):
            one["networkInterfaces"] = [{"attachmentId": self.attachments[0]["id"], "privateIpv4Address": address(self)}]
        if self.last_status not in EARLY:
            one["runtimeId"] = running_id
        if state == "STOPPED":
            one.update(self._infra_exit)
        if self.__dict__.get("enable_execute_command"):
            one["managedAgents"] = [{"name": EXEC_AGENT, "lastStatus": state}]
        shown.append(one)
    return shown


def address(task: Any) -> str | None:
    """Its private address; None outside of awsvpc."""
    details = [d for a in task.attachments for d in a["details"]]
    return next((d["value"] for d in details if d["name"] == "privateIPv4Address"), None)


def put_containers(self: Any, _: Any) -> None:
    pass  # moto's own list knows the first container only


def started_at(self: Any) -> datetime.datetime | None:
    known: datetime.datetime | None = self.__dict__.get("_infra_started_at")
    if known:
        return known
    return clock.date(self._infra_runs_at) if self._infra_runs_at is not None else None


def stopped_at(self: Any) -> datetime.datetime | None:
    at = self.__dict__.get("_infra_stopped_at")
    return clock.date(at) if at is not None and self.last_status == "STOPPED" else None


def takes_sessions(account: str, region: str, target: str) -> bool:
    """Whether ecs:<cluster>_<task>_<container's runtime> runs and was started for it."""
    place, _, runtime = target.removeprefix("ecs:").rpartition("_")
    cluster, _, task_id = place.rpartition("_")
    backend = ecs_backends[account][region]
    settle(backend)
    task = next((t for t in list(backend.tasks.get(cluster, {}).values()) if t.id == task_id), None)
    if task is None or task.last_status != "RUNNING" or not task.__dict__.get("enable_execute_command"):
        return False
    return any(c.get("runtimeId") == runtime for c in task.containers)


def stop(task: Any, code: str, reason: str, exit_code: Any = None, container_reason: Any = None, at: float | None = None) -> None:
    """It wants to stop, and gives its network interface back."""
    if task.desired_status == "STOPPED":
        return
    moment = clock.now() if at is None else at
    running = task.__dict__.pop("_infra_run", None)
    if running:
        running.stop()
    if exit_code is not None:
        task._infra_exit["exitCode"] = exit_code
    if container_reason:
        task._infra_exit["reason"] = container_reason
    task._infra_steps = []
    task._infra_stopped_at = moment + clock.seconds("ecs")
    task.desired_status = "STOPPED"
    task.stop_code, task.stopped_reason, task.stopping_at = code, reason, clock.date(moment)
    for attachment in task.attachments:
        attachment["status"] = "DELETED"
        eni = interface_of(task, attachment)
        if eni:
            interfaces.free(eni, task._infra_stopped_at)


def requirements(definition: Any) -> dict[str, Any]:
    """moto fails on a container without memory of its own, which a task with memory does not need."""
    every = definition.container_definitions
    return {
        "CPU": sum(int(c.get("cpu") or 0) for c in every),
        "MEMORY": sum(int(c.get("memory") or c.get("memoryReservation") or 0) for c in every),
        "PORTS": [p["hostPort"] for c in every for p in c.get("portMappings") or [] if p.get("hostPort")],
        "PORTS_UDP": [],
    }


Task.__init__ = init
Task.last_status = property(last_status)
Task.containers = property(containers, put_containers)
Task.started_at = property(started_at)
Task.stopped_at = property(stopped_at)
Backend._calculate_task_resource_requirements = staticmethod(requirements)
