"""The calls around ECS tasks: RunTask, DescribeTasks, ListTasks, StopTask as AWS answers them."""

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ecs.exceptions import ECSException
from moto.ecs.responses import DESCRIBE_TASKS_TAGS
from moto.ecs.responses import EC2ContainerServiceResponse as Response

from moto_ext.ecs.clusters import client_error
from moto_ext.ecs.tasks import stop
from moto_ext.ecs.world import LOCK, settle, tasks_in


def invalid(message: str) -> ECSException:
    return ECSException("InvalidParameterException", message)


def conflict(arns: list[str]) -> ECSException:
    error = ECSException("ConflictException", "The provided clientToken is already in use with a different RunTask request.")
    error.resource_ids = arns
    return error


def run_task(self: Any) -> ActionResult:
    wish = json.loads(self.body or "{}")
    token = wish.pop("clientToken", None)
    with LOCK:
        done = self.ecs_backend.__dict__.setdefault("_infra_tokens", {})
        if token not in done:
            tasks = begin(self, wish)
            if not token:
                return ActionResult({"tasks": tasks, "failures": []})
            done[token] = (wish, tasks)
        first, tasks = done[token]
    if first != wish:
        raise conflict([t.task_arn for t in tasks])
    return ActionResult({"tasks": tasks, "failures": []})


def begin(self: Any, wish: dict[str, Any]) -> list[Any]:
    backend = self.ecs_backend
    cluster = backend._get_cluster(wish.get("cluster") or "default")
    try:
        definition = backend.describe_task_definition(wish.get("taskDefinition", ""))
    except ECSException:
        raise client_error("TaskDefinition not found.") from None
    if definition.status != "ACTIVE":
        raise client_error("TaskDefinition is inactive")
    names = [c["name"] for c in definition.container_definitions]
    for override in (wish.get("overrides") or {}).get("containerOverrides") or []:
        if override.get("name") not in names:
            raise invalid(f"Override for container named {override.get('name')} is not a container in the TaskDefinition.")
    strategy = capacity(cluster, wish)
    provider = next((s["capacityProvider"] for s in strategy if s["capacityProvider"].startswith("FARGATE")), None)
    launch_type = "FARGATE" if provider else wish.get("launchType") or "EC2"
    check_compatible(definition, launch_type)
    if launch_type != "FARGATE" and not backend.container_instances.get(cluster.name):
        raise invalid("No Container Instances were found in your cluster.")
    tasks = backend.run_task(
        cluster.name,
        definition.arn,
        int(wish.get("count") or 1),
        wish.get("overrides"),
        wish.get("startedBy"),
        wish.get("tags"),
        launch_type,
        network(self, definition, wish.get("networkConfiguration")),
        wish.get("group"),
        wish.get("platformVersion") or "1.4.0",
    )
    for task in tasks:
        task.enable_execute_command = bool(wish.get("enableExecuteCommand"))
        task.capacity_provider_name = provider
        if launch_type == "FARGATE":
            task.platform_family = "Linux"
    return tasks


def capacity(cluster: Any, wish: dict[str, Any]) -> list[dict[str, Any]]:
    """The capacity providers that are used; none where a launch type is named."""
    strategy = wish.get("capacityProviderStrategy") or []
    if strategy and wish.get("launchType"):
        raise invalid("Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
    if strategy or wish.get("launchType"):
        return list(strategy)
    return list(cluster.default_capacity_provider_strategy or [])


def check_compatible(definition: Any, launch_type: str) -> None:
    if launch_type == "FARGATE" and "FARGATE" not in (definition.requires_compatibilities or []):
        raise invalid("Task definition does not support launch_type FARGATE.")


def network(self: Any, definition: Any, given: Any) -> Any:
    """The network of a task, all of whose parts must be there."""
    if definition.network_mode != "awsvpc":
        return given
    wish = (given or {}).get("awsvpcConfiguration") or {}
    if not wish.get("subnets"):
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    ec2 = ec2_backends[self.current_account][self.region]
    known = {s.id: s for zone in list(ec2.subnets.values()) for s in list(zone.values())}
    for subnet_id in wish["subnets"]:
        if subnet_id not in known:
            raise invalid(
                f"Error retrieving subnet information for [{subnet_id}]: The subnet ID '{subnet_id}' does not exist "
                "(ErrorCode: InvalidSubnetID.NotFound)"
            )
    for group_id in wish.get("securityGroups") or []:
        if ec2.get_security_group_from_id(group_id) is None:
            raise invalid(
                f"Error retrieving security group information for [{group_id}]: The security group '{group_id}' does not exist "
                "(ErrorCode: InvalidGroup.NotFound)"
            )
    groups = wish.get("securityGroups") or [ec2.get_default_security_group(known[wish["subnets"][0]].vpc_id).id]
    return {"awsvpcConfiguration": {**wish, "securityGroups": groups}}


def find(self: Any, cluster: Any, name: str) -> Any:
    settle(self.ecs_backend)
    found = tasks_in(self.ecs_backend, cluster)
    return next((t for t in found if name in (t.task_arn, t.id)), None)


def describe_tasks(self: Any) -> ActionResult:
    wish = json.loads(self.body or "{}")
    cluster = self.ecs_backend._get_cluster(wish.get("cluster") or "default")
    if not wish.get("tasks"):
        raise invalid("Tasks cannot be empty.")
    seen = [(name, find(self, cluster, name)) for name in wish["tasks"]]
    here = cluster.arn.replace(":cluster/", ":task/")
    missing = [name if name.startswith("arn:") else f"{here}/{name}" for name, task in seen if task is None]
    if "TAGS" in (wish.get("include") or []):
        self._include_in_response(DESCRIBE_TASKS_TAGS)
    else:
        self._exclude_from_response(DESCRIBE_TASKS_TAGS)
    failures = [{"arn": arn, "reason": "MISSING"} for arn in missing]
    return ActionResult({"tasks": [task for _, task in seen if task], "failures": failures})


def list_tasks(self: Any) -> ActionResult:
    wish = json.loads(self.body or "{}")
    cluster = self.ecs_backend._get_cluster(wish.get("cluster") or "default")
    settle(self.ecs_backend)
    if wish.get("serviceName"):
        self.ecs_backend._get_service(cluster.name, wish["serviceName"])
    tasks = [t for t in tasks_in(self.ecs_backend, cluster) if t.desired_status == (wish.get("desiredStatus") or "RUNNING")]
    if wish.get("family"):
        tasks = [t for t in tasks if t.task_definition_arn.split("/")[-1].split(":")[0] == wish["family"]]
    if wish.get("startedBy"):
        tasks = [t for t in tasks if t.started_by == wish["startedBy"]]
    if wish.get("serviceName"):
        tasks = [t for t in tasks if t.group == f"service:{wish['serviceName'].split('/')[-1]}"]
    start, size = int(wish.get("nextToken") or 0), int(wish.get("maxResults") or 100)
    more = {"nextToken": str(start + size)} if len(tasks) > start + size else {}
    return ActionResult({"taskArns": [t.task_arn for t in tasks[start : start + size]], **more})


def stop_task(self: Any) -> ActionResult:
    wish = json.loads(self.body or "{}")
    cluster = self.ecs_backend._get_cluster(wish.get("cluster") or "default")
    task = find(self, cluster, wish.get("task", ""))
    if task is None:
        raise invalid("The referenced task was not found.")
    started = task.last_status == "RUNNING"
    reason = wish.get("reason") or "Task stopped by user"
    if task.desired_status != "STOPPED":
        task._infra_played = None
    # 143: ended by SIGTERM. One that had not started has no code.
    stop(task, "UserInitiated", reason, 143 if started else None)
    settle(self.ecs_backend)
    return ActionResult({"task": task})


for action in (run_task, describe_tasks, list_tasks, stop_task):
    setattr(Response, action.__name__, action)
