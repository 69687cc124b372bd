"""NAT gateways take time, need an attached internet gateway, and give their address back when they are gone."""

from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend
from moto.ec2.utils import generic_filter

from moto_ext import clock
from moto_ext.ec2 import interfaces
from moto_ext.ec2.calls import due

clock.passing_attribute(NatGateway, "state")
OWN_FILTERS = ("nat-gateway-id", "vpc-id", "subnet-id", "state")

_create = NatGatewayBackend.create_nat_gateway
_describe = NatGatewayBackend.describe_nat_gateways
_delete = NatGatewayBackend.delete_nat_gateway


def known(self: Any, nat_gateway_id: str) -> Any:
    if nat_gateway_id not in self.nat_gateways:
        raise EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")
    return self.nat_gateways[nat_gateway_id]


def create_nat_gateway(self: Any, *args: Any, **kwargs: Any) -> Any:
    nat = _create(self, *args, **kwargs)
    interfaces.claim(nat._eni, f"Interface for NAT Gateway {nat.id}", self.account_id, "nat_gateway")
    vpc = self.get_vpc(nat.vpc_id)
    attached = any(igw.vpc and igw.vpc.id == vpc.id for igw in list(self.internet_gateways.values()))
    if nat.connectivity_type != "private" and not attached and not vpc.is_default:
        nat.state = "failed"
        nat.failure_code = "Gateway.NotAttached"
        nat.failure_message = f"Network {vpc.id} has no Internet gateway attached"
    clock.show(nat, "state", "pending", "nat")
    return nat


def describe_nat_gateways(self: Any, filters: Any, nat_gateway_ids: Any) -> Any:
    for nat_gateway_id in nat_gateway_ids or []:
        known(self, nat_gateway_id)
    by_tag = {k: v for k, v in (filters or {}).items() if k.startswith("tag")}
    for name in filters or {}:
        if name not in by_tag and name not in OWN_FILTERS:
            raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return generic_filter(by_tag, _describe(self, filters, nat_gateway_ids))


def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
    nat = known(self, nat_gateway_id)
    if nat.state not in ("deleting", "deleted"):
        nat = _delete(self, nat_gateway_id)
        clock.show(nat, "state", "deleting", "nat-delete")
    return nat


def give_back(backend: Any) -> None:
    """moto leaves the address and the network interface of a deleted gateway in use for ever."""
    for nat in list(backend.nat_gateways.values()):
        if nat.state not in ("deleted", "failed") or nat.__dict__.get("_infra_gave_back"):
            continue
        nat._infra_gave_back = True
        for address in list(backend.addresses):
            if address.eni and address.eni.id == nat._eni.id:
                address.eni, address.instance, address.association_id = None, None, None
        nat._eni.public_ip = None
        backend.enis.pop(nat._eni.id, None)


NatGatewayBackend.create_nat_gateway = create_nat_gateway
NatGatewayBackend.describe_nat_gateways = describe_nat_gateways
NatGatewayBackend.delete_nat_gateway = delete_nat_gateway
due.append(give_back)
