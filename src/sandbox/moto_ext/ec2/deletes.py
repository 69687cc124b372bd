"""Deletes that AWS refuses while something depends on the thing, with AWS's codes. moto lets nearly all of them pass."""

import sys
from typing import Any

from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.responses import EC2Response

from moto_ext.ec2 import instances
from moto_ext.ec2.calls import forget_tags


def databases(backend: Any) -> list[Any]:
    """The databases beside this EC2 backend; nothing is there when nobody has called RDS yet."""
    rds = sys.modules.get("moto_ext.rds.databases")
    return list(rds.living(backend.account_id, backend.region_name)) if rds else []


def balancers(backend: Any) -> list[Any]:
    """The load balancers beside this EC2 backend, likewise."""
    elb = sys.modules.get("moto.elbv2.models")
    return list(elb.elbv2_backends[backend.account_id][backend.region_name].load_balancers.values()) if elb else []


def live_interfaces(backend: Any) -> list[Any]:
    def alive(eni: Any) -> bool:
        return not eni.instance or getattr(eni.instance._state, "name", "") != "terminated"

    return [eni for eni in [*list(backend.enis.values()), *instances.leaving(backend)] if alive(eni)]


def refuse_if(blocked: bool, message: str) -> None:
    if blocked:
        raise DependencyViolationError(message)


_delete_group = EC2Backend.delete_security_group
_delete_subnet = EC2Backend.delete_subnet
_delete_vpc = EC2Backend.delete_vpc
_delete_igw = EC2Backend.delete_internet_gateway
_delete_table = EC2Backend.delete_route_table
_detach_igw = EC2Backend.detach_internet_gateway
_release = EC2Backend.release_address


def delete_security_group(self: Any, name: Any = None, group_id: Any = None) -> Any:
    group = self.get_security_group_by_name_or_id(group_id or name)
    if group:
        if group.is_default and not group.__dict__.get("_infra_vpc_goes"):
            message = f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
            raise EC2ClientError("CannotDelete", message)
        others = [g for groups in list(self.groups.values()) for g in list(groups.values()) if g.id != group.id]
        by_rule = any(r.source_group.get("GroupId") == group.id for g in others for r in [*g.ingress_rules, *g.egress_rules])
        by_eni = any(group.id in [g.id for g in eni.group_set] for eni in live_interfaces(self))
        by_database = any(group.id in db.vpc_security_group_ids for db in databases(self))
        by_balancer = any(group.id in (b.security_groups or []) for b in balancers(self))
        refuse_if(by_rule or by_eni or by_database or by_balancer, f"resource {group.id} has a dependent object")
    _delete_group(self, name=name, group_id=group_id)
    if group:
        forget_tags(self, group.id, *(r.id for r in [*group.ingress_rules, *group.egress_rules]))


def delete_subnet(self: Any, subnet_id: str) -> Any:
    subnet = self.get_subnet(subnet_id)
    by_eni = any(eni.subnet.id == subnet.id for eni in live_interfaces(self))
    by_database = any(subnet.id in [s.id for s in db.db_subnet_group._subnets] for db in databases(self) if db._db_subnet_group_name)
    by_balancer = any(subnet.id == s.id for b in balancers(self) for s in b.subnets)
    refuse_if(by_eni or by_database or by_balancer, f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    deleted = _delete_subnet(self, subnet_id)
    for table in list(self.route_tables.values()):  # moto leaves the association behind, and the table undeletable
        table._associations = {a: target for a, target in table._associations.items() if target != subnet_id}
    forget_tags(self, subnet_id)
    return deleted


def delete_vpc(self: Any, vpc_id: str) -> Any:
    vpc = self.get_vpc(vpc_id)
    groups = list(self.groups.get(vpc.id, {}).values())
    tables = [t for t in list(self.route_tables.values()) if t.vpc_id == vpc.id]
    blocked = (
        any(b.vpc_id == vpc.id for b in balancers(self))
        or any(igw.vpc and igw.vpc.id == vpc.id for igw in list(self.internet_gateways.values()))
        or any(not g.is_default for g in groups)
        or any(not t.main_association_id for t in tables)
        or any(e.vpc_id == vpc.id and e.state != "deleted" for e in list(self.vpc_end_points.values()))
        or bool(self.describe_subnets(filters={"vpc-id": [vpc.id]}))
    )
    refuse_if(blocked, f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    for group in groups:
        group._infra_vpc_goes = True
    deleted = _delete_vpc(self, vpc_id)
    forget_tags(self, vpc_id, *(t.id for t in tables))
    return deleted


def detach_internet_gateway(self: Any, internet_gateway_id: str, vpc_id: str) -> None:
    igw = self.get_internet_gateway(internet_gateway_id)
    mapped = igw.vpc and igw.vpc.id == vpc_id and any(e.vpc_id == vpc_id and e.public_ip for e in live_interfaces(self))
    refuse_if(
        bool(mapped),
        f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.",
    )
    _detach_igw(self, internet_gateway_id, vpc_id)


def delete_internet_gateway(self: Any, internet_gateway_id: str) -> None:
    _delete_igw(self, internet_gateway_id)
    forget_tags(self, internet_gateway_id)


def delete_route_table(self: Any, route_table_id: str) -> None:
    table = self.get_route_table(route_table_id)
    vpc_goes = any(g.__dict__.get("_infra_vpc_goes") for g in list(self.groups.get(table.vpc_id, {}).values()))
    message = f"The routeTable '{route_table_id}' has dependencies and cannot be deleted."
    refuse_if(bool(table.main_association_id) and not vpc_goes, message)
    _delete_table(self, route_table_id)
    forget_tags(self, route_table_id)


NOT_YOURS = "You do not have permission to access the specified resource."


def held_by_nat(self: Any, address: Any) -> bool:
    nats = [n for n in list(self.nat_gateways.values()) if n.state not in ("deleted", "failed")]
    return bool(address.eni) and any(n._eni.id == address.eni.id for n in nats)


def release_address(self: Any, address: Any = None, allocation_id: Any = None) -> None:
    found = self.address_by_ip([address])[0] if address else self.address_by_allocation([allocation_id])[0]
    if held_by_nat(self, found):
        raise EC2ClientError("AuthFailure", NOT_YOURS)
    if found.association_id:
        raise EC2ClientError("InvalidIPAddress.InUse", f"Address {found.public_ip} is in use.")
    eip_id = found.allocation_id
    _release(self, address=address, allocation_id=allocation_id)
    forget_tags(self, eip_id)


_disassociate_action = EC2Response.disassociate_address


def disassociate_address(self: Any) -> Any:
    association = self._get_param("AssociationId")
    if any(a.association_id == association and held_by_nat(self.ec2_backend, a) for a in list(self.ec2_backend.addresses)):
        raise EC2ClientError("AuthFailure", NOT_YOURS)
    return _disassociate_action(self)


for patch in (
    delete_security_group,
    delete_subnet,
    delete_vpc,
    detach_internet_gateway,
    delete_internet_gateway,
    delete_route_table,
    release_address,
):
    setattr(EC2Backend, patch.__name__, patch)
EC2Response.disassociate_address = disassociate_address
