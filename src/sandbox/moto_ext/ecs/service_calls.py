"""The calls around ECS services: CreateService, UpdateService, DescribeServices, ListServices, DeleteService."""

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ECSException
from moto.ecs.models import EC2ContainerServiceBackend as Backend
from moto.ecs.responses import EC2ContainerServiceResponse as Response

from moto_ext import clock
from moto_ext.ecs.calls import capacity, check_compatible, invalid, network
from moto_ext.ecs.clusters import client_error
from moto_ext.ecs.service import OWN, Service
from moto_ext.ecs.world import LOCK, services_in, settle

AT_ONCE = 10  # services that one call describes
# What an update is checked for, where it names any of them: another number of tasks is never refused.
CHECKED = {*OWN, "healthCheckGracePeriodSeconds", "enableExecuteCommand", "availabilityZoneRebalancing", "deploymentConfiguration"}
ROLELESS = "The service couldn't be created because a valid taskRoleArn is not being used. "
ROLELESS += "Specify a valid task role in your task definition and try again."
CROWDED = "Availability Zone Rebalancing does not support maximumPercent <= 100 % as deployment configuration."


def wish_of(self: Any) -> dict[str, Any]:
    return dict(json.loads(self.body or "{}"))


def definition_for(backend: Any, name: str | None) -> Any:
    if not name:
        raise invalid("TaskDefinition can not be blank.")
    family, _, revision = name.split("/")[-1].partition(":")
    try:
        definition = backend.describe_task_definition(name if revision else newest(backend, family))
    except (ECSException, ValueError):
        raise client_error("TaskDefinition not found.") from None
    if definition.status != "ACTIVE":
        raise client_error("TaskDefinition is inactive")
    return definition


def newest(backend: Any, family: str) -> str:
    """Of a family alone, its newest active revision."""
    active = [n for n, d in backend.task_definitions.get(family, {}).items() if d.status == "ACTIVE"]
    return f"{family}:{max(active, default=0)}"


def create_service(self: Any) -> ActionResult:
    wish, backend = wish_of(self), self.ecs_backend
    cluster = backend._get_cluster(wish.pop("cluster", None) or "default")
    token = wish.pop("clientToken", None)
    if not wish.get("serviceName"):
        raise invalid("Service name can not be blank.")
    with LOCK:
        settle(backend)
        key = f"{cluster.name}:{wish['serviceName']}"
        known = backend.services.get(key)
        if known and known.status == "DRAINING":
            raise invalid("Unable to Start a service that is still Draining.")
        if known and known.status == "ACTIVE" and known.cluster_arn == cluster.arn:
            if known.asked == wish and (token is None or known.token == token):
                return ActionResult({"service": known.shown()})
            raise invalid("Creation of service was not idempotent.")
        service = Service(backend, cluster, checked(self, cluster, wish), wish, token, clock.now())
        backend.services[key] = service
        backend.tasks.setdefault(cluster.name, {})
        answer = service.shown()  # nothing has been started yet
        settle(backend)
        return ActionResult({"service": answer})


def checked(self: Any, cluster: Any, wish: dict[str, Any]) -> dict[str, Any]:
    """What the service is made of, after all that AWS checks before it makes one."""
    config = {"desiredCount": 0, "availabilityZoneRebalancing": "ENABLED", **wish}
    definition = definition_for(self.ecs_backend, wish.get("taskDefinition"))
    config["taskDefinition"] = definition.arn
    strategy = capacity(cluster, wish)
    if strategy:
        config["capacityProviderStrategy"] = [{"base": 0, "weight": 0, **s} for s in strategy]
    else:
        config["launchType"] = wish.get("launchType") or "EC2"
    fargate = config.get("launchType") == "FARGATE" or any(s["capacityProvider"].startswith("FARGATE") for s in strategy)
    check_compatible(definition, "FARGATE" if fargate else "EC2")
    if fargate:
        config["platformVersion"] = wish.get("platformVersion") or "LATEST"
        config["platformFamily"] = "Linux"
    check_all(self, config, definition)
    return config


def check_all(self: Any, config: dict[str, Any], definition: Any) -> None:
    given = network(self, definition, config.get("networkConfiguration"))
    if given:
        given = {"awsvpcConfiguration": {"assignPublicIp": "DISABLED", **given["awsvpcConfiguration"]}}
        config["networkConfiguration"] = given
    balancers = config.get("loadBalancers") or []
    for balancer in balancers:
        check_balancer(self, balancer, definition)
    if balancers:
        config.setdefault("healthCheckGracePeriodSeconds", 0)
    elif config.get("healthCheckGracePeriodSeconds"):
        raise invalid("Health check grace period is only valid for services configured to use load balancers")
    if config.get("enableExecuteCommand") and not getattr(definition, "task_role_arn", None):
        raise invalid(ROLELESS)
    most = (config.get("deploymentConfiguration") or {}).get("maximumPercent", 200)
    if config.get("availabilityZoneRebalancing") == "ENABLED" and most <= 100:
        raise invalid(CROWDED)


def check_balancer(self: Any, balancer: dict[str, Any], definition: Any) -> None:
    from moto.elbv2.models import elbv2_backends

    arn = balancer.get("targetGroupArn") or ""
    backend = elbv2_backends[self.current_account][self.region]
    group = backend.target_groups.get(arn)
    if group is None:
        raise invalid(f"The target group {arn} does not exist.")
    if not backend._any_listener_using(arn):
        raise invalid(f"The target group with targetGroupArn {arn} does not have an associated load balancer.")
    if definition.network_mode == "awsvpc" and group.target_type != "ip":
        kind = f"has target type {group.target_type}, which is incompatible with the awsvpc network mode"
        raise invalid(f"The provided target group {arn} {kind} specified in the task definition.")
    name, port = balancer.get("containerName"), balancer.get("containerPort")
    container = next((c for c in definition.container_definitions if c["name"] == name), None)
    if container is None:
        raise invalid(f"The container {name} does not exist in the task definition.")
    if port not in [m.get("containerPort") for m in container.get("portMappings") or []]:
        raise invalid(f"The container {name} did not have a container port {port} defined.")


def update_service(self: Any) -> ActionResult:
    wish, backend = wish_of(self), self.ecs_backend
    with LOCK:
        settle(backend)
        service = get_service(backend, wish.pop("cluster", None) or "default", wish.pop("service", ""))
        if service.status != "ACTIVE":
            raise ECSException("ServiceNotActiveException", "Service was not ACTIVE.")
        force = wish.pop("forceNewDeployment", False)
        desired = wish.pop("desiredCount", None)
        config = {**service.config, **wish}
        definition = definition_for(backend, config["taskDefinition"]) if "taskDefinition" in wish else None
        if definition:
            config["taskDefinition"] = definition.arn
        if wish.get("capacityProviderStrategy"):
            config["capacityProviderStrategy"] = [{"base": 0, "weight": 0, **s} for s in wish["capacityProviderStrategy"]]
            config.pop("launchType", None)
        if wish.get("loadBalancers") == [] and "healthCheckGracePeriodSeconds" not in wish:
            config.pop("healthCheckGracePeriodSeconds", None)
        if wish.get("deploymentConfiguration"):
            old = service.config.get("deploymentConfiguration") or {}
            config["deploymentConfiguration"] = {**old, **wish["deploymentConfiguration"]}
        if CHECKED & wish.keys():
            check_all(self, config, definition or backend.describe_task_definition(config["taskDefinition"]))
        differs = any(config.get(n) != service.config.get(n) for n in OWN)
        service.config, now = config, clock.now()
        if desired is not None and desired != service.desired_count:
            service.desired_count, service.is_steady = desired, False
        if differs or force:
            service.roll_out(now)
        answer = service.shown()
        settle(backend)
        return ActionResult({"service": answer})


def get_service(backend: Any, cluster_name: str, name: str) -> Any:
    cluster = backend._get_cluster(cluster_name)
    service = backend.services.get(f"{cluster.name}:{name.split('/')[-1]}")
    if service is None or service.cluster_arn != cluster.arn:
        raise ECSException("ServiceNotFoundException", "Service not found.")
    return service


def describe_services(self: Any) -> ActionResult:
    wish, backend = wish_of(self), self.ecs_backend
    names = wish.get("services") or []
    if not names:
        raise invalid("Services cannot be empty.")
    if len(names) > AT_ONCE:
        raise invalid("Services cannot be more than 10.")
    with LOCK:
        settle(backend)
        found, failures = backend.describe_services(wish.get("cluster") or "default", names)
        with_tags = "TAGS" in (wish.get("include") or [])
        return ActionResult({"services": [s.shown(with_tags) for s in found], "failures": failures})


def list_services(self: Any) -> ActionResult:
    wish, backend = wish_of(self), self.ecs_backend
    cluster = backend._get_cluster(wish.get("cluster") or "default")
    settle(backend)
    here = [s for s in services_in(backend, cluster) if s.status != "INACTIVE"]
    launch_type, strategy = wish.get("launchType"), wish.get("schedulingStrategy")
    arns = sorted(s.arn for s in here if launch_type in (None, s.launch_type) and strategy in (None, s.scheduling_strategy))
    start, size = int(wish.get("nextToken") or 0), int(wish.get("maxResults") or 10)
    more = {"nextToken": str(start + size)} if len(arns) > start + size else {}
    return ActionResult({"serviceArns": arns[start : start + size], **more})


def delete_service(self: Any) -> ActionResult:
    wish, backend = wish_of(self), self.ecs_backend
    with LOCK:
        settle(backend)
        service = get_service(backend, wish.get("cluster") or "default", wish.get("service", ""))
        if service.status == "INACTIVE":
            raise ECSException("ServiceNotFoundException", "Service not found.")
        if service.desired_count > 0 and not wish.get("force"):
            raise invalid("The service cannot be stopped while it is scaled above 0.")
        service.status, service.desired_count = "DRAINING", 0
        answer = service.shown()
        settle(backend)
        return ActionResult({"service": answer})


for action in (create_service, update_service, describe_services, list_services, delete_service):
    setattr(Response, action.__name__, action)
Backend._get_service = get_service
