"""Application Auto Scaling: its tags, and limits that bring a service's number of tasks within them at once."""

import json
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend as Backend
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Response
from moto.core.exceptions import JsonRESTError

from moto_ext.ecs import world

_register = Backend.register_scalable_target
_deregister = Backend.deregister_scalable_target
_put = Backend.put_scaling_policy
_action = Response.register_scalable_target


def service_of(self: Any, resource: str) -> Any:
    _, cluster, name = resource.split("/")
    found, _ = self.ecs_backend.describe_services(cluster, [name])
    return next((s for s in found if s.status == "ACTIVE"), None)


def register_scalable_target(
    self: Any, namespace: str, r_id: str, dimension: str, min_capacity: Any, max_capacity: Any, *args: Any, **kwargs: Any
) -> Any:
    known = self.targets.get(dimension, {}).get(r_id)
    least = known.min_capacity if known and min_capacity is None else min_capacity
    most = known.max_capacity if known and max_capacity is None else max_capacity
    if least is None or most is None:
        missing = "minCapacity" if least is None else "maxCapacity"
        raise AWSValidationException(f"Missing required parameter: {missing} must be specified for a new scalable target.")
    if least > most:
        raise AWSValidationException("Maximum capacity cannot be less than minimum capacity")
    if namespace != "ecs":
        return _register(self, namespace, r_id, dimension, least, most, *args, **kwargs)
    with world.LOCK:
        service = service_of(self, r_id)
        if service is None:
            raise AWSValidationException(f"ECS service doesn't exist: {r_id}")
        target = _register(self, namespace, r_id, dimension, least, most, *args, **kwargs)
        world.settle(self.ecs_backend)
        service.desired_count = min(most, max(least, service.desired_count))
        world.settle(self.ecs_backend)
    return target


def deregister_scalable_target(self: Any, namespace: str, r_id: str, dimension: str) -> None:
    if r_id not in self.targets.get(dimension, {}):
        message = f"No scalable target found for service namespace: {namespace}, resource ID: {r_id}"
        raise JsonRESTError("ObjectNotFoundException", f"{message}, scalable dimension: {dimension}")
    _deregister(self, namespace, r_id, dimension)
    for policy in list(self.policies.values()):
        if (policy.service_namespace, policy.resource_id, policy.scalable_dimension) == (namespace, r_id, dimension):
            self.delete_scaling_policy(policy.policy_name, namespace, r_id, dimension)


def put_scaling_policy(self: Any, policy_name: str, service_namespace: str, resource_id: str, *args: Any, **kwargs: Any) -> Any:
    dimension = kwargs.get("scalable_dimension") or args[0]
    if resource_id not in self.targets.get(dimension, {}):
        message = f"No scalable target registered for service namespace: {service_namespace}, resource ID: {resource_id}"
        raise JsonRESTError("ObjectNotFoundException", f"{message}, scalable dimension: {dimension}")
    return _put(self, policy_name, service_namespace, resource_id, *args, **kwargs)


def tags_of(self: Any) -> dict[str, str]:
    arn = self._get_param("ResourceARN")
    every = [t for of in self.applicationautoscaling_backend.targets.values() for t in of.values()]
    target = next((t for t in every if t.arn == arn), None)
    if target is None:
        raise JsonRESTError("ResourceNotFoundException", f"No scalable target found for resource ARN: {arn}")
    tags: dict[str, str] = target.__dict__.setdefault("_infra_tags", {})
    return tags


def register_action(self: Any) -> str:
    answer = _action(self)
    target = self.applicationautoscaling_backend.targets[self._get_param("ScalableDimension")][self._get_param("ResourceId")]
    target.__dict__.setdefault("_infra_tags", {}).update(self._get_param("Tags") or {})
    return str(answer)


def tag_resource(self: Any) -> str:
    tags_of(self).update(self._get_param("Tags") or {})
    return "{}"


def untag_resource(self: Any) -> str:
    tags = tags_of(self)
    for key in self._get_param("TagKeys") or []:
        tags.pop(key, None)
    return "{}"


def list_tags_for_resource(self: Any) -> str:
    return json.dumps({"Tags": tags_of(self)})


for patch in (register_scalable_target, deregister_scalable_target, put_scaling_policy):
    setattr(Backend, patch.__name__, patch)
for patch in (tag_resource, untag_resource, list_tags_for_resource):
    setattr(Response, patch.__name__, patch)
Response.register_scalable_target = register_action
