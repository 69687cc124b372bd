"""DB subnet groups and DB parameter groups: duplicates, coverage of zones, and no delete while a database uses them."""

from typing import Any

from moto.ec2.exceptions import InvalidSubnetIdError
from moto.rds.exceptions import DBSubnetGroupNotFoundError, RDSClientError
from moto.rds.models import RDSBackend
from moto.rds.responses import RDSResponse

from moto_ext.rds import catalog
from moto_ext.rds.databases import databases

_create = RDSBackend.create_subnet_group
_modify = RDSBackend.modify_db_subnet_group
_delete = RDSBackend.delete_subnet_group
_create_parameters = RDSBackend.create_db_parameter_group
_delete_parameters = RDSBackend.delete_db_parameter_group


def covers_zones(subnets: Any) -> None:
    zones = sorted({s.availability_zone for s in subnets})
    if len(zones) < 2:
        raise RDSClientError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. "
            f"Current AZ coverage: {', '.join(zones)}. Add subnets to cover at least 2 AZs.",
        )
    if len({s.vpc_id for s in subnets}) > 1:
        raise RDSClientError("InvalidSubnet", "The subnets must all be in one VPC.")


def create_subnet_group(self: Any, subnet_name: str, description: str, subnets: Any, tags: Any) -> Any:
    if subnet_name in self.subnet_groups:
        raise RDSClientError("DBSubnetGroupAlreadyExists", f"The DB subnet group '{subnet_name}' already exists.")
    covers_zones(subnets)
    return _create(self, subnet_name, description, subnets, tags)


def modify_db_subnet_group(self: Any, subnet_name: str, description: str, subnets: Any) -> Any:
    if subnet_name not in self.subnet_groups:
        raise DBSubnetGroupNotFoundError(subnet_name)
    covers_zones(subnets)
    group = _modify(self, subnet_name, description, subnets)
    self.subnet_groups[subnet_name] = group  # moto takes it out and forgets to put it back
    return group


def delete_subnet_group(self: Any, subnet_name: str) -> Any:
    users = [
        db.db_instance_identifier
        for db in databases(self)
        if db._db_subnet_group_name and db._db_subnet_group_name.lower() == subnet_name.lower()
    ]
    if users:
        raise RDSClientError(
            "InvalidDBSubnetGroupStateFault",
            f"Cannot delete the subnet group '{subnet_name}' because at least one database instance: {users[0]} is still using it.",
        )
    return _delete(self, subnet_name)


def create_db_parameter_group(self: Any, wish: Any) -> Any:
    family = wish.get("db_parameter_group_family") or ""
    engine = next((e for e in catalog.VERSIONS if family.startswith(e)), None)
    if engine and family not in catalog.families(engine):
        raise RDSClientError("InvalidParameterValue", f"ParameterGroupFamily {family} is not a valid parameter group family")
    return _create_parameters(self, wish)


def delete_db_parameter_group(self: Any, name: str) -> Any:
    if name.startswith("default."):
        raise RDSClientError("InvalidDBParameterGroupState", f"The default DB parameter group {name} cannot be deleted.")
    if any(db.db_parameter_group_name == name for db in databases(self)):
        raise RDSClientError(
            "InvalidDBParameterGroupState",
            f"One or more database instances are still members of this parameter group {name}, so the group cannot be deleted",
        )
    return _delete_parameters(self, name)


def with_valid_subnets(action: str) -> None:
    plain = getattr(RDSResponse, action)

    def checked(self: Any) -> Any:
        try:
            return plain(self)
        except InvalidSubnetIdError:
            ids = ", ".join(self.params.get("SubnetIds", []))
            raise RDSClientError("InvalidParameterValue", f"Some input subnets in :[{ids}] are invalid.") from None

    setattr(RDSResponse, action, checked)


for name in ("create_db_subnet_group", "modify_db_subnet_group"):
    with_valid_subnets(name)
RDSBackend.create_subnet_group = create_subnet_group
RDSBackend.modify_db_subnet_group = modify_db_subnet_group
RDSBackend.delete_subnet_group = delete_subnet_group
RDSBackend.create_db_parameter_group = create_db_parameter_group
RDSBackend.delete_db_parameter_group = delete_db_parameter_group
