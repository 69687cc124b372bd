"""Snapshots take time and need an available database; a database made from one starts with AWS's defaults."""

import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBSnapshot, RDSBackend
from moto.rds.responses import RDSResponse

from moto_ext import clock
from moto_ext.rds.databases import DROPPED

clock.passing_attribute(DBSnapshot, "status")
TYPES = ("automated", "manual", "shared", "public", "awsbackup")
# What a restored database does not take over, unless the call says so.
FRESH: dict[str, Any] = {
    "deletion_protection": False,
    "copy_tags_to_snapshot": False,
    "multi_az": False,
    "manage_master_user_password": False,
    "ca_certificate_identifier": "rds-ca-rsa2048-g1",
}

_create = RDSBackend.create_db_snapshot
_restore = RDSBackend.restore_db_instance_from_db_snapshot
_delete_action = RDSResponse.delete_db_snapshot
_describe_action = RDSResponse.describe_db_snapshots


def create_db_snapshot(self: Any, db_instance_identifier: str, db_snapshot_identifier: str, *args: Any, **kwargs: Any) -> Any:
    db = self.databases.get(db_instance_identifier)
    automated = "automated" in (*args, *kwargs.values())  # moto makes one with the database itself
    if db and not automated and db.status != "available":
        why = f"the database instance {db_instance_identifier} is not currently in the available state."
        message = f"Cannot create a snapshot because {why}"
        raise RDSClientError("InvalidDBInstanceState", message)
    snapshot = _create(self, db_instance_identifier, db_snapshot_identifier, *args, **kwargs)
    snapshot.availability_zone = db.availability_zone
    snapshot.license_model = db.license_model
    snapshot.option_group_name = db.option_group_name
    snapshot.storage_type = db.storage_type
    snapshot.vpc_id = db.db_subnet_group.vpc_id if db._db_subnet_group_name else None
    if not automated:
        clock.show(snapshot, "status", "creating", "snapshot")
    return snapshot


def percent_progress(self: Any) -> int:
    return 100 if self.status == "available" else 0


def delete_db_snapshot(self: Any) -> ActionResult:
    snapshot = self.backend.database_snapshots.get(self.params.get("DBSnapshotIdentifier"))
    if snapshot and snapshot.snapshot_type != "manual":
        raise RDSClientError("InvalidDBSnapshotState", "Only manual snapshots can be deleted.")
    if snapshot and snapshot.status != "available":
        message = f"Cannot delete the snapshot {snapshot.db_snapshot_identifier} because it is in {snapshot.status} state."
        raise RDSClientError("InvalidDBSnapshotState", message)
    return _delete_action(self)


def describe_db_snapshots(self: Any) -> ActionResult:
    wanted = self.params.get("SnapshotType")
    if wanted and wanted not in TYPES:
        raise RDSClientError("InvalidParameterValue", f"Invalid snapshot type: {wanted}. Valid values: {', '.join(TYPES)}")
    return _describe_action(self)


def restore_db_instance_from_db_snapshot(self: Any, from_snapshot_id: str, overrides: Any) -> Any:
    snapshot = self.get_db_snapshot(from_snapshot_id)
    if snapshot.status != "available":
        message = f"Cannot restore from the snapshot {snapshot.db_snapshot_identifier}: it is {snapshot.status}."
        raise RDSClientError("InvalidDBSnapshotState", message)
    # moto makes the new one from the picture of the old one in the snapshot, so the picture is cleaned first.
    old = snapshot.database = copy.copy(snapshot.database)
    for name, value in {**FRESH, **DROPPED}.items():
        setattr(old, name, copy.copy(value))
    old.tags = []
    return _restore(self, from_snapshot_id, overrides)


RDSBackend.create_db_snapshot = create_db_snapshot
RDSBackend.restore_db_instance_from_db_snapshot = restore_db_instance_from_db_snapshot
RDSResponse.delete_db_snapshot = delete_db_snapshot
RDSResponse.describe_db_snapshots = describe_db_snapshots
DBSnapshot.percent_progress = property(percent_progress)
