"""Network interfaces that AWS's own services make: whose they are, their public addresses, and that AWS frees them late."""

from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.vpcs import VPCBackend, VPCEndPoint
from moto.ec2.utils import generate_dns_from_ip, random_public_ip

from moto_ext import clock
from moto_ext.ec2.calls import due

NetworkInterface.private_dns_name = None  # moto sets it only in a network with DNS names, and reads it in all
_association = NetworkInterface.association
_attachment = NetworkInterface.attachment
_create_endpoint = VPCBackend.create_vpc_endpoint
_delete_endpoints = VPCBackend.delete_vpc_endpoints
_endpoint_filter = VPCEndPoint.get_filter_value


def claim(eni: Any, description: str, requester: str, kind: str = "interface", owner: str = "amazon-aws") -> Any:
    """A service of AWS has made it and manages it: nobody else can detach or delete it."""
    eni.description, eni.requester_id, eni.requester_managed = description, requester, True
    eni.interface_type, eni.status = kind, "in-use"
    eni._infra_owner = owner
    return eni


def open_to_the_internet(eni: Any, owner: str = "amazon") -> None:
    eni.public_ip, eni._infra_ip_owner = random_public_ip(), owner


def make(backend: Any, subnet: Any, groups: list[str], description: str, requester: str, kind: str = "interface") -> Any:
    eni = backend.create_network_interface(subnet, "", group_ids=list(groups), description=description)
    return claim(eni, description, requester, kind, requester)


def free(eni: Any, at: float | None = None) -> None:
    """What it belongs to is gone (at that moment). Only some time later it is gone itself."""
    if "_infra_gone_at" not in eni.__dict__:
        eni._infra_gone_at = (clock.now() if at is None else at) + clock.seconds("interfaces")


def sweep(backend: Any) -> None:
    for eni in list(backend.enis.values()):
        if clock.now() >= eni.__dict__.get("_infra_gone_at", float("inf")):
            backend.enis.pop(eni.id, None)


def association(self: Any) -> dict[str, Any]:
    owner = self.__dict__.get("_infra_ip_owner")
    if not owner or not self.public_ip:
        return dict(_association.fget(self))
    return {"publicIp": self.public_ip, "publicDnsName": generate_dns_from_ip(self.public_ip), "ipOwnerId": owner}


class Attachment:
    """To something that is no instance of the account."""

    def __init__(self, eni: Any):
        self.attachment_id = "ela-attach-" + eni.id.removeprefix("eni-")
        self.instance_owner_id = eni._infra_owner
        self.device_index, self.network_card_index = 1, 0
        self.delete_on_termination, self.status = False, "attached"


def attachment(self: Any) -> Any:
    return Attachment(self) if self.__dict__.get("_infra_owner") else _attachment.fget(self)


def create_vpc_endpoint(self: Any, *args: Any, **kwargs: Any) -> Any:
    made = _create_endpoint(self, *args, **kwargs)
    for eni_id in made.network_interface_ids:
        eni = claim(self.enis[eni_id], f"VPC Endpoint Interface {made.id}", self.account_id, "vpc_endpoint")
        groups = [self.get_security_group_from_id(g) for g in made.security_group_ids]
        eni._group_set = [g for g in groups if g] or eni._group_set
    return made


def delete_vpc_endpoints(self: Any, vpce_ids: Any = None) -> None:
    """moto takes the interfaces at once, and shows the endpoint for ever."""
    for endpoint in [self.vpc_end_points.get(i) for i in vpce_ids or []]:
        if endpoint is None or endpoint.state == "deleted":
            continue
        interfaces, endpoint.network_interface_ids = endpoint.network_interface_ids, []
        _delete_endpoints(self, [endpoint.id])
        clock.show(endpoint, "state", "deleting", "interfaces")
        for eni in [self.enis[i] for i in interfaces if i in self.enis]:
            free(eni)


def forget_endpoints(backend: Any) -> None:
    for endpoint in list(backend.vpc_end_points.values()):
        if endpoint.state == "deleted":
            backend.vpc_end_points.pop(endpoint.id, None)


def endpoint_filter(self: Any, filter_name: str, method_name: str | None = None) -> Any:
    own = {"vpc-endpoint-id": self.id, "service-name": self.service_name}
    return own[filter_name] if filter_name in own else _endpoint_filter(self, filter_name, method_name)


clock.passing_attribute(VPCEndPoint, "state")
VPCEndPoint.get_filter_value = endpoint_filter
NetworkInterface.association = property(association)
NetworkInterface.attachment = property(attachment)
VPCBackend.create_vpc_endpoint = create_vpc_endpoint
VPCBackend.delete_vpc_endpoints = delete_vpc_endpoints
due.append(sweep)
due.append(forget_endpoints)
