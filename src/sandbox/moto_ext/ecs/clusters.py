"""ECS clusters and task definitions: what AWS refuses, and a name that is asked for twice."""

from typing import Any

from moto.ecs.exceptions import ECSException
from moto.ecs.models import EC2ContainerServiceBackend as Backend

from moto_ext.ecs.world import services_in, settle, tasks_in

_create = Backend.create_cluster
_delete = Backend.delete_cluster
_get = Backend._get_cluster
_describe = Backend.describe_clusters
_register = Backend.register_task_definition


def client_error(message: str) -> ECSException:
    return ECSException("ClientException", message)


def create_cluster(self: Any, cluster_name: str, *args: Any, **kwargs: Any) -> Any:
    known = self.clusters.get(cluster_name)
    if known and known.status == "ACTIVE":
        return known
    self.tasks.pop(cluster_name, None)  # those of a deleted cluster of that name
    return _create(self, cluster_name, *args, **kwargs)


def get_cluster(self: Any, name: str) -> Any:
    cluster = _get(self, name)
    if cluster.status == "INACTIVE":
        raise ECSException("ClusterNotFoundException", "The referenced cluster was inactive.")
    return cluster


def delete_cluster(self: Any, cluster_str: str) -> Any:
    settle(self)
    cluster = self._get_cluster(cluster_str)
    if any(s.status == "ACTIVE" for s in services_in(self, cluster)):
        message = "The Cluster cannot be deleted while Services are active."
        raise ECSException("ClusterContainsServicesException", message)
    if any(t.last_status != "STOPPED" for t in tasks_in(self, cluster)):
        raise ECSException("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
    if self.container_instances.get(cluster.name):
        message = "The Cluster cannot be deleted while Container Instances are active or draining."
        raise ECSException("ClusterContainsContainerInstancesException", message)
    return _delete(self, cluster_str)


def describe_clusters(self: Any, cluster_names: Any) -> Any:
    settle(self)
    clusters, failures = _describe(self, cluster_names)
    for cluster in clusters:
        states = [t.last_status for t in tasks_in(self, cluster)]
        cluster.running_tasks_count = states.count("RUNNING")
        cluster.pending_tasks_count = sum(s in ("PROVISIONING", "PENDING", "ACTIVATING") for s in states)
        cluster.active_services_count = sum(s.status == "ACTIVE" for s in services_in(self, cluster))
    return clusters, failures


def register_task_definition(self: Any, family: str, container_definitions: Any, **kwargs: Any) -> Any:
    if "FARGATE" in (kwargs.get("requires_compatibilities") or []):
        for name in ("cpu", "memory"):
            if not kwargs.get(name):
                raise client_error(f"Fargate requires that '{name}' be defined at the task level.")
        if kwargs.get("network_mode") != "awsvpc":
            raise client_error("Fargate only supports network mode 'awsvpc'.")
        for container in container_definitions:
            driver = (container.get("logConfiguration") or {}).get("logDriver")
            needs = f"log driver {driver}" if driver == "awslogs" else "secrets" if container.get("secrets") else None
            if needs and not kwargs.get("execution_role_arn"):
                raise client_error(f"Fargate requires task definition to have execution role ARN to support {needs}.")
    return _register(self, family, container_definitions, **kwargs)


Backend.create_cluster = create_cluster
Backend._get_cluster = get_cluster
Backend.delete_cluster = delete_cluster
Backend.describe_clusters = describe_clusters
Backend.register_task_definition = register_task_definition
