"""What AWS refuses in CreateDBInstance and ModifyDBInstance, and moto accepts."""

import re
from typing import Any

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBParameterGroup
from moto.rds.responses import RDSResponse

from moto_ext.freetier import account_plan
from moto_ext.rds import catalog
from moto_ext.rds.databases import family
from moto_ext.rds.modify import is_major

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
    if any(c in '/@" ' or not 33 <= ord(c) <= 126 for c in text):
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
    groups = self.backend.db_parameter_groups
    wanted = family(engine, engine_version)
    if name == f"default.{wanted}" and name not in groups:  # AWS has it before anyone has seen it
        groups[name] = DBParameterGroup(self.backend, name, f"Default parameter group for {wanted}", wanted, [])
    group = groups.get(name) if name else None
    if group and group.family != wanted:
        raise combination(
            f"The parameter group {group.name} with DBParameterGroupFamily {group.family} can't be used for this instance. "
            f"Please use a parameter group with DBParameterGroupFamily {wanted}"
        )


def storage(engine: str, kind: str, size: Any, iops: Any) -> None:
    low = catalog.STORAGE.get(kind, 5)
    if size is None or not low <= size <= 65536:
        raise combination(f"Invalid storage size for engine name {engine} and storage type {kind}: {size}")
    if kind in ("io1", "io2"):
        if iops is None:
            raise combination(f"You must specify an IOPS value when creating a DB instance with storage type {kind}.")
        if not 0.5 * size <= iops <= 50 * size:
            raise combination("The IOPS to GiB ratio must be between 0.5 and 50")
    elif iops is not None and (kind != "gp3" or size < 400):
        raise combination(f"You can't specify IOPS or storage throughput for engine {engine} and a storage size less than 400.")


def ordered(engine: str, engine_version: str, instance_class: str) -> None:
    if instance_class not in catalog.classes(engine, engine_version):
        raise combination(
            "RDS does not support creating a DB instance with the following combination: "
            f"DBInstanceClass={instance_class}, Engine={engine}, EngineVersion={engine_version}. "
            "For supported combinations of instance class and database engine version, see the documentation."
        )


def upgrade(self: Any, db: Any, wish: Any) -> None:
    version(wish, db.engine)
    target = wish["EngineVersion"]
    if target == db.engine_version:
        return
    if target not in [t["EngineVersion"] for t in catalog.upgrade_targets(db.engine, db.engine_version)]:
        raise combination(f"Cannot upgrade {db.engine} from {db.engine_version} to {target}")
    if not is_major(db, target):
        return
    if not wish.get("AllowMajorVersionUpgrade"):
        raise combination("The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
    group = db.db_parameter_group_name
    if group and not group.startswith("default.") and not wish.get("DBParameterGroupName"):
        raise combination(
            f"The current DB instance parameter group {group} is custom. You must explicitly specify a new DB parameter group, "
            "either default or custom, for the engine version upgrade."
        )


def storage_change(db: Any, wish: Any) -> None:
    if not any(wish.get(k) is not None for k in ("AllocatedStorage", "Iops", "StorageType")):
        return
    kind, size = wish.get("StorageType", db.storage_type), wish.get("AllocatedStorage", db.allocated_storage)
    if size < db.allocated_storage:
        raise value("Invalid storage size: the new allocated storage must not be smaller than the current one.")
    if db.iops and kind in ("io1", "io2") and None in (wish.get("AllocatedStorage"), wish.get("Iops")):
        raise combination(
            "You must specify both the storage size and iops when modifying the storage size or iops on a DB instance that has iops."
        )
    storage(db.engine, kind, size, wish.get("Iops"))


_create = RDSResponse.create_db_instance
_modify = RDSResponse.modify_db_instance


def create_db_instance(self: Any) -> Any:
    wish = self.params
    engine = str(wish.get("Engine", "")).lower()
    if engine not in catalog.VERSIONS or wish.get("DBClusterIdentifier"):
        return _create(self)
    if not CLASS.match(wish.get("DBInstanceClass", "")):
        raise value(f"Invalid DB Instance class: {wish.get('DBInstanceClass')}")
    account_plan.database(self.current_account, wish)
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
    storage(engine, wish.get("StorageType", "gp2"), wish.get("AllocatedStorage"), wish.get("Iops"))
    ordered(engine, wish["EngineVersion"], wish["DBInstanceClass"])
    disabled = wish.get("EngineLifecycleSupport") == "open-source-rds-extended-support-disabled"
    if disabled and catalog.past_standard_support(engine, wish["EngineVersion"]):
        raise combination(
            f"The engine version {wish['EngineVersion']} of {engine} is past its end of standard support, "
            "and a DB instance can't be created with RDS Extended Support disabled."
        )
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
    account_plan.database(self.current_account, wish)
    if wish.get("EngineVersion"):
        upgrade(self, db, wish)
    running = wish.get("EngineVersion") or db.engine_version
    parameter_group(self, wish.get("DBParameterGroupName"), db.engine, running)
    ordered(db.engine, db.engine_version, wish.get("DBInstanceClass") or db.db_instance_class)
    if wish.get("MasterUserPassword"):
        password(wish["MasterUserPassword"], db.engine)
    storage_change(db, wish)
    role = wish.get("MonitoringRoleArn") or db.__dict__.get("monitoring_role_arn")
    monitoring(self, wish.get("MonitoringInterval"), role)
    groups(self, wish.get("VpcSecurityGroupIds"), getattr(db, "db_subnet_group", None))
    return _modify(self)


def restorable(self: Any, engine: str, engine_version: str) -> None:
    """What a restore asks for must fit what it restores."""
    wish = self.params
    if engine not in catalog.VERSIONS:
        return
    if wish.get("DBInstanceClass") and not CLASS.match(wish["DBInstanceClass"]):
        raise value(f"Invalid DB Instance class: {wish['DBInstanceClass']}")
    account_plan.database(self.current_account, wish)
    name = wish.get("DBSubnetGroupName")
    groups(self, wish.get("VpcSecurityGroupIds"), self.backend.subnet_groups.get(name) if name else None)
    parameter_group(self, wish.get("DBParameterGroupName"), engine, engine_version)


_restore = RDSResponse.restore_db_instance_from_db_snapshot


def restore_db_instance_from_db_snapshot(self: Any) -> Any:
    snapshot = self.backend.get_db_snapshot(self.params.get("DBSnapshotIdentifier"))
    restorable(self, snapshot.engine, snapshot.engine_version)
    return _restore(self)


RDSResponse.restore_db_instance_from_db_snapshot = restore_db_instance_from_db_snapshot
RDSResponse.create_db_instance = create_db_instance
RDSResponse.modify_db_instance = modify_db_instance
