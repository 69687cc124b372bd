"""What AWS refuses in CreateDBInstance and ModifyDBInstance, and moto accepts."""

import re
from typing import Any

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.rds.exceptions import RDSClientError
from moto.rds.responses import RDSResponse

from moto_ext import catalog
from moto_ext.rds import family

INTERVALS = (0, 1, 5, 10, 15, 30, 60)
RESERVED = {"postgres": ("admin", "rdsadmin", "postgres_admin"), "mysql": ("rdsadmin",)}
LONGEST = {"postgres": 128, "mysql": 41}
CLASS = re.compile(r"^db\.[a-z0-9-]+\.(micro|small|medium|large|\d*xlarge)(\.\w+)*$")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
ROLE_POLICY = "AmazonRDSEnhancedMonitoringRole"


def value(message: str) -> RDSClientError:
    return RDSClientError("InvalidParameterValue", message)


def combination(message: str) -> RDSClientError:
    return RDSClientError("InvalidParameterCombination", message)


def password(text: str, engine: str) -> None:
    prefix = "The parameter MasterUserPassword is not a valid password"
    if len(text) < 8:
        raise value(f"{prefix} because it is shorter than 8 characters.")
    if len(text) > LONGEST.get(engine, 128):
        raise value(f"{prefix} because it is longer than {LONGEST.get(engine, 128)} characters.")
    if any(c in "/@\" " or not 33 <= ord(c) <= 126 for c in text):
        raise value(f"{prefix}. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.")


def monitoring(self: Any, interval: Any, role_arn: Any) -> None:
    if interval is None:
        return
    if interval not in INTERVALS:
        raise value("Invalid value for MonitoringInterval. Valid values are 0, 1, 5, 10, 15, 30 and 60.")
    if interval and not role_arn:
        raise combination("A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.")
    if interval:
        roles = iam_backends[self.current_account][self.partition].roles.values()
        role = next((r for r in roles if r.arn == role_arn), None)
        attached = [p.name for p in role.managed_policies.values()] if role else []
        if not role or not (ROLE_POLICY in attached or role.policies):
            message = "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING"
            raise value(message)


def groups(self: Any, ids: Any, subnet_group: Any) -> None:
    ec2 = ec2_backends[self.current_account][self.region]
    for group_id in ids or []:
        group = ec2.get_security_group_from_id(group_id)
        if not group:
            raise value(f"Invalid security group , groupId= {group_id}, groupName=.")
        if subnet_group and group.vpc_id != subnet_group.vpc_id:
            raise combination(
                "The DB instance and EC2 security group are in different VPCs. "
                f"The DB instance is in {subnet_group.vpc_id} and the EC2 security group is in {group.vpc_id}"
            )


def version(wish: Any, engine: str) -> None:
    given = wish.get("EngineVersion")
    resolved = catalog.resolve(engine, given)
    if resolved is None:
        raise combination(f"Cannot find version {given} for {engine}")
    wish["EngineVersion"] = resolved


def parameter_group(self: Any, name: Any, engine: str, engine_version: str) -> None:
    group = self.backend.db_parameter_groups.get(name) if name else None
    wanted = family(engine, engine_version)
    if group and group.family != wanted:
        raise combination(
            f"The parameter group {group.name} with DBParameterGroupFamily {group.family} can't be used for this instance. "
            f"Please use a parameter group with DBParameterGroupFamily {wanted}"
        )


_create = RDSResponse.create_db_instance
_modify = RDSResponse.modify_db_instance


def create_db_instance(self: Any) -> Any:
    wish = self.params
    engine = str(wish.get("Engine", "")).lower()
    if engine not in catalog.VERSIONS or wish.get("DBClusterIdentifier"):
        return _create(self)
    if not CLASS.match(wish.get("DBInstanceClass", "")):
        raise value(f"Invalid DB Instance class: {wish.get('DBInstanceClass')}")
    version(wish, engine)
    user = wish.get("MasterUsername")
    if not user:
        raise value("The parameter MasterUsername must be provided and must not be blank.")
    if not NAME.fullmatch(user):
        raise value("The parameter MasterUsername is not a valid identifier. Identifiers must begin with a letter.")
    if wish.get("DBName") and not NAME.fullmatch(wish["DBName"]):
        raise value("DBName must begin with a letter and contain only alphanumeric characters.")
    if user.lower() in RESERVED[engine]:
        raise value(f"MasterUsername {user} cannot be used as it is a reserved word used by the engine")
    if not wish.get("ManageMasterUserPassword"):
        if not wish.get("MasterUserPassword"):
            raise value("The parameter MasterUserPassword must be provided and must not be blank.")
        password(wish["MasterUserPassword"], engine)
    storage, kind = wish.get("AllocatedStorage"), wish.get("StorageType", "gp2")
    if kind in ("gp2", "gp3") and (storage is None or storage < 20):
        raise combination(f"Invalid storage size for engine name {engine} and storage type {kind}: {storage}")
    monitoring(self, wish.get("MonitoringInterval"), wish.get("MonitoringRoleArn"))
    name = wish.get("DBSubnetGroupName")
    groups(self, wish.get("VpcSecurityGroupIds"), self.backend.subnet_groups.get(name) if name else None)
    parameter_group(self, wish.get("DBParameterGroupName"), engine, wish["EngineVersion"])
    return _create(self)


def modify_db_instance(self: Any) -> Any:
    wish = self.params
    db = self.backend.describe_db_instances(wish.get("DBInstanceIdentifier"))[0]
    if db.engine not in catalog.VERSIONS:
        return _modify(self)
    if wish.get("DBInstanceClass") and not CLASS.match(wish["DBInstanceClass"]):
        raise value(f"Invalid DB Instance class: {wish['DBInstanceClass']}")
    if wish.get("EngineVersion"):
        version(wish, db.engine)
    if wish.get("MasterUserPassword"):
        password(wish["MasterUserPassword"], db.engine)
    if wish.get("AllocatedStorage", db.allocated_storage) < db.allocated_storage:
        raise value("Invalid storage size: the new allocated storage must not be smaller than the current one.")
    role = wish.get("MonitoringRoleArn") or db.__dict__.get("monitoring_role_arn")
    monitoring(self, wish.get("MonitoringInterval"), role)
    groups(self, wish.get("VpcSecurityGroupIds"), getattr(db, "db_subnet_group", None))
    return _modify(self)


_restore = RDSResponse.restore_db_instance_from_db_snapshot


def restore_db_instance_from_db_snapshot(self: Any) -> Any:
    wish = self.params
    snapshot = self.backend.get_db_snapshot(wish.get("DBSnapshotIdentifier"))
    if snapshot.engine in catalog.VERSIONS:
        if wish.get("DBInstanceClass") and not CLASS.match(wish["DBInstanceClass"]):
            raise value(f"Invalid DB Instance class: {wish['DBInstanceClass']}")
        name = wish.get("DBSubnetGroupName")
        groups(self, wish.get("VpcSecurityGroupIds"), self.backend.subnet_groups.get(name) if name else None)
        parameter_group(self, wish.get("DBParameterGroupName"), snapshot.engine, snapshot.engine_version)
    return _restore(self)


RDSResponse.restore_db_instance_from_db_snapshot = restore_db_instance_from_db_snapshot
RDSResponse.create_db_instance = create_db_instance
RDSResponse.modify_db_instance = modify_db_instance
