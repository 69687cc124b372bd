"""Route tables: one table a subnet, routes to things that exist, and blackholes."""

from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.route_tables import Route, RouteBackend

_associate = RouteBackend.associate_route_table
_create_route = RouteBackend.create_route


def associate_route_table(self: Any, route_table_id: str, gateway_id: Any = None, subnet_id: Any = None) -> str:
    for table in list(self.route_tables.values()):
        if subnet_id and table.id != route_table_id and subnet_id in table._associations.values():
            message = f"the specified association for route table {route_table_id} conflicts with an existing association"
            raise EC2ClientError("Resource.AlreadyAssociated", message)
    return str(_associate(self, route_table_id, gateway_id, subnet_id))


def create_route(self: Any, *args: Any, **kwargs: Any) -> Any:
    nat = kwargs.get("nat_gateway_id")
    if nat and nat not in self.nat_gateways:  # moto makes a route to nowhere
        raise EC2ClientError("InvalidNatGatewayID.NotFound", f"The NatGateway ID '{nat}' does not exist")
    return _create_route(self, *args, **kwargs)


def state(self: Any) -> str:
    nat_gone = self.nat_gateway and self.nat_gateway.state in ("deleted", "failed")
    gateway_gone = self.gateway and getattr(self.gateway, "vpc", True) is None
    return "blackhole" if nat_gone or gateway_gone else "active"


RouteBackend.associate_route_table = associate_route_table
RouteBackend.create_route = create_route
Route.state = property(state)
