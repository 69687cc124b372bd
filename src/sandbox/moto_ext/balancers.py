"""Load balancers: states that take time, targets that ECS registers, and deletes that AWS refuses."""

from typing import Any

from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer

from moto_ext import ecs_targets
from moto_ext.clock import passing_attribute, show

_create = ELBv2Backend.create_load_balancer
_delete = ELBv2Backend.delete_load_balancer
_health = ELBv2Backend.describe_target_health
_listener = ELBv2Backend.create_listener

passing_attribute(FakeLoadBalancer, "state")


def create_load_balancer(self: Any, *args: Any, **kwargs: Any) -> Any:
    made = _create(self, *args, **kwargs)
    made.state = "active"
    show(made, "state", "provisioning", "elb")
    return made


def delete_load_balancer(self: Any, arn: str) -> None:
    known = self.load_balancers.get(arn)
    if known and known.attrs.get("deletion_protection.enabled") == "true":
        message = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        raise ELBClientError("OperationNotPermitted", message)
    _delete(self, arn)


def describe_target_health(self: Any, target_group_arn: str, targets: Any) -> Any:
    from moto_ext.ecs_rollout import settle_all

    settle_all(self.account_id, self.region_name)
    group = self.target_groups.get(target_group_arn)
    if group is not None:
        ecs_targets.sweep(group)
    return _health(self, target_group_arn, targets)


def create_listener(self: Any, *args: Any, **kwargs: Any) -> Any:
    check_certificates(self, kwargs.get("certificate") or (kwargs.get("properties") or {}).get("certificates"))
    return _listener(self, *args, **kwargs)


def check_certificates(self: Any, _: Any) -> None:
    pass


for patch in (create_load_balancer, delete_load_balancer, describe_target_health):
    setattr(ELBv2Backend, patch.__name__, patch)
