"""Load balancers: states that take time, targets that ECS registers, and what AWS refuses. moto lets it pass."""

from typing import Any

from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer, FakeTargetGroup, elbv2_backends

from moto_ext.clock import passing_attribute, show
from moto_ext.ec2 import interfaces
from moto_ext.ecs import targets as ecs_targets
from moto_ext.ecs import world

_create = ELBv2Backend.create_load_balancer
_delete = ELBv2Backend.delete_load_balancer
_health = ELBv2Backend.describe_target_health
_listener = ELBv2Backend.create_listener
_set_groups = ELBv2Backend.set_security_groups
_set_subnets = ELBv2Backend.set_subnets

passing_attribute(FakeLoadBalancer, "state")


def create_load_balancer(self: Any, name: str, security_groups: Any, subnet_ids: Any, *args: Any, **kwargs: Any) -> Any:
    """A second one of a name is the first one, if it is asked for alike."""
    kwargs["scheme"] = kwargs.get("scheme") or "internet-facing"
    known = next((b for b in list(self.load_balancers.values()) if b.name == name), None)
    if known:
        wished = kwargs["scheme"], set(security_groups or []), set(subnet_ids or [])
        if wished == (known.scheme, set(known.security_groups or []), {s.id for s in known.subnets}):
            return known
        message = f"A load balancer with the same name '{name}' exists, but with different settings"
        raise ELBClientError("DuplicateLoadBalancerName", message)
    if kwargs["scheme"] == "internet-facing":
        check_gateway(self.ec2_backend, subnet_ids or [])
    made = _create(self, name, security_groups, subnet_ids, *args, **kwargs)
    made.state = "active"
    made._infra_interfaces = {}
    connect(self, made)
    show(made, "state", "provisioning", "elb")
    return made


def check_gateway(ec2: Any, subnet_ids: list[str]) -> None:
    vpcs = {s.vpc_id for s in map(ec2.get_subnet, subnet_ids) if s}
    attached = {igw.vpc.id for igw in list(ec2.internet_gateways.values()) if igw.vpc}
    for vpc_id in vpcs - attached:
        if not ec2.get_vpc(vpc_id).is_default:
            raise ELBClientError("InvalidSubnet", f"VPC {vpc_id} has no internet gateway")


def connect(backend: Any, balancer: Any) -> None:
    """One network interface in each of its subnets, and none elsewhere."""
    mine, groups = balancer._infra_interfaces, balancer.security_groups or []
    wanted = {s.id: s for s in balancer.subnets}
    for subnet_id in [i for i in mine if i not in wanted]:
        interfaces.free(mine.pop(subnet_id))
    for subnet_id in [i for i in wanted if i not in mine]:
        description = "ELB " + balancer.arn.split(":loadbalancer/")[1]
        eni = interfaces.make(backend.ec2_backend, wanted[subnet_id], groups, description, "amazon-elb")
        if balancer.scheme == "internet-facing":
            interfaces.open_to_the_internet(eni, "amazon-elb")
        mine[subnet_id] = eni
    found = [backend.ec2_backend.get_security_group_from_id(g) for g in groups]
    for eni in mine.values():
        eni._group_set = [g for g in found if g] or eni._group_set


def set_security_groups(self: Any, arn: str, sec_groups: list[str]) -> None:
    _set_groups(self, arn, sec_groups)
    connect(self, self.load_balancers[arn])


def set_subnets(self: Any, arn: str, *args: Any, **kwargs: Any) -> Any:
    zones = _set_subnets(self, arn, *args, **kwargs)
    connect(self, self.load_balancers[arn])
    return zones


def delete_load_balancer(self: Any, arn: str) -> None:
    known = self.load_balancers.get(arn)
    if known and known.attrs.get("deletion_protection.enabled") == "true":
        message = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        raise ELBClientError("OperationNotPermitted", message)
    _delete(self, arn)
    for eni in known._infra_interfaces.values() if known else []:
        interfaces.free(eni)


def describe_target_health(self: Any, target_group_arn: str, targets: Any) -> Any:
    world.settle_all(self.account_id, self.region_name)
    group = self.target_groups.get(target_group_arn)
    if group is not None:
        ecs_targets.sweep(group)
    return _health(self, target_group_arn, targets)


def create_listener(self: Any, *args: Any, **kwargs: Any) -> Any:
    certificate = kwargs.get("certificate") or ""
    if ":acm:" in certificate:
        check_certificate(self, certificate)
    return _listener(self, *args, **kwargs)


def check_certificate(backend: Any, arn: str) -> None:
    from moto.acm.models import acm_backends

    known = acm_backends[backend.account_id][backend.region_name]._certificates.get(arn)
    if known is None:
        raise ELBClientError("CertificateNotFound", f"Certificate '{arn}' not found")
    known.check()
    if known.status != "ISSUED":
        message = "must have a fully-qualified domain name, a supported signature, and a supported key size."
        raise ELBClientError("UnsupportedCertificate", f"The certificate '{arn}' {message}")


def load_balancer_arns(self: Any) -> list[str]:
    """As it is now: moto only ever adds to them."""
    backend = elbv2_backends[self.account_id][self.region_name]
    return [b.arn for b in list(backend.load_balancers.values()) if self.arn in groups_of(backend, b)]


def groups_of(backend: Any, balancer: Any) -> set[str]:
    actions = [a for ln in list(balancer.listeners.values()) for rule in list(ln.rules.values()) for a in rule.actions]
    return {str(arn) for a in actions for arn in backend._get_target_group_arns_from(action_data=a.data)}


for patch in (
    create_load_balancer,
    delete_load_balancer,
    describe_target_health,
    create_listener,
    set_security_groups,
    set_subnets,
):
    setattr(ELBv2Backend, patch.__name__, patch)
FakeTargetGroup.load_balancer_arns = property(load_balancer_arns, lambda *_: None)
