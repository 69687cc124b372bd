"""Where a service's tasks are started: with its network, its share of the capacity providers, its tags."""

from typing import Any

from moto_ext import clock
from moto_ext.ecs.service import Deployment, Service
from moto_ext.ecs.tasks import begin

NOWHERE = (
    "was unable to place a task because no container instance met all of its requirements. "
    "Reason: No Container Instances were found in your cluster."
)


def start(service: Service, deployment: Deployment, count: int, at: float) -> bool:
    config = deployment.config
    if not config.get("capacityProviderStrategy") and config.get("launchType") != "FARGATE":
        service.say(NOWHERE, at)
        deployment.retry_at = at + max(30.0, clock.seconds("ecs"))
        return True
    tasks = []
    for _ in range(count):
        try:
            tasks.append(one(service, deployment, at))
        except Exception as error:
            service.say(f"was unable to place a task. Reason: {error}", at)
            deployment.retry_at = at + max(30.0, clock.seconds("ecs"))
            break
    if tasks:
        service.say(f"has started {len(tasks)} tasks: {' '.join(f'(task {t.id})' for t in tasks)}.", at)
    return True


def one(service: Service, deployment: Deployment, at: float) -> Any:
    config, backend = deployment.config, service._backend
    definition = backend.describe_task_definition(config["taskDefinition"])
    provider = provider_for(deployment)
    (task,) = backend.run_task(
        service.cluster_name,
        config["taskDefinition"],
        1,
        None,
        deployment.id,
        tags_for(service, definition),
        "FARGATE",
        network_for(config, len(deployment.tasks)),
        f"service:{service.name}",
        config.get("platformVersion") or "1.4.0",
    )
    task._infra_service = service
    task.enable_execute_command = bool(service.config.get("enableExecuteCommand"))
    task.capacity_provider_name, task.platform_family = provider, "Linux"
    begin(task, at)
    deployment.tasks.append(task)
    service.tasks.append(task)
    return task


def network_for(config: dict[str, Any], turn: int) -> Any:
    """The subnets by turns: moto takes the first one always."""
    network = config.get("networkConfiguration")
    if not network:
        return network
    vpc = network["awsvpcConfiguration"]
    at = turn % len(vpc["subnets"])
    return {"awsvpcConfiguration": {**vpc, "subnets": [*vpc["subnets"][at:], *vpc["subnets"][:at]]}}


def provider_for(deployment: Deployment) -> str | None:
    """First the bases, then by weight."""
    strategy = deployment.config.get("capacityProviderStrategy") or []
    used = [t.capacity_provider_name for t in deployment.live()]
    for share in strategy:
        if used.count(share["capacityProvider"]) < share.get("base", 0):
            return str(share["capacityProvider"])
    weighed = [s for s in strategy if s.get("weight", 0) > 0] or strategy
    if not weighed:
        return None

    def load(share: dict[str, Any]) -> float:
        mine = used.count(share["capacityProvider"]) - share.get("base", 0)
        return (mine + 1) / (share.get("weight") or 1)

    return str(min(weighed, key=load)["capacityProvider"])


def tags_for(service: Service, definition: Any) -> list[dict[str, str]]:
    source = service.config.get("propagateTags")
    tags = service.tags if source == "SERVICE" else definition.tags if source == "TASK_DEFINITION" else []
    return [dict(t) for t in tags]
