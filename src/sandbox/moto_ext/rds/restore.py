"""Restores to a point in time: the window in which they are possible, what AWS refuses, and what the new database is like."""

import copy
import datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance, RDSBackend
from moto.rds.responses import RDSResponse

from moto_ext import clock
from moto_ext.postgres import installation
from moto_ext.rds.checks import restorable
from moto_ext.rds.databases import DROPPED
from moto_ext.rds.snapshots import FRESH


def window(db: Any) -> tuple[datetime.datetime, datetime.datetime] | None:
    """The earliest and the latest moment; None while there are no backups, or not yet."""
    days = int(db.backup_retention_period or 0)
    if not days or db.status == "creating":
        return None
    now = clock.date()
    latest = now - datetime.timedelta(seconds=clock.seconds("backup"))
    earliest = max(db._infra_begun, now - datetime.timedelta(days=days))
    return (earliest, latest) if earliest <= latest else None


def latest_restorable_time(self: Any) -> datetime.datetime | None:
    found = window(self)
    return found[1] if found else None


def describe_db_instance_automated_backups(self: Any) -> ActionResult:
    wanted = self.params.get("DBInstanceIdentifier")
    shown = []
    for db in list(self.backend.databases.values()):
        if (wanted and db.db_instance_identifier != wanted) or not int(db.backup_retention_period or 0):
            continue
        found = window(db)
        between = {"RestoreWindow": {"EarliestTime": found[0], "LatestTime": found[1]}} if found else {}
        shown.append(
            {
                "DBInstanceArn": db.db_instance_arn,
                "DbiResourceId": db.dbi_resource_id,
                "Region": db.region,
                "DBInstanceIdentifier": db.db_instance_identifier,
                "Status": "active" if found else "creating",
                "AllocatedStorage": db.allocated_storage,
                "Engine": db.engine,
                "EngineVersion": db.engine_version,
                "BackupRetentionPeriod": db.backup_retention_period,
                **between,
            }
        )
    return ActionResult({"DBInstanceAutomatedBackups": shown})


def moment(value: Any) -> datetime.datetime:
    given = value if isinstance(value, datetime.datetime) else datetime.datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return given if given.tzinfo else given.replace(tzinfo=datetime.timezone.utc)


def version_at(db: Any, at: datetime.datetime) -> str:
    """A restore brings back the version of that time, and none to a time while an upgrade ran:

    docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.PostgreSQL.MajorVersion.Process.html
    """
    for began, ended, version in db.__dict__.get("_infra_upgrades", []):
        if at < began:
            return str(version)
        if at < ended:
            raise RDSClientError("InvalidParameterValue", f"The specified instance cannot be restored to {at}: it was being upgraded.")
    return str(db.engine_version)


def restore_db_instance_to_point_in_time(self: Any) -> ActionResult:
    at, latest = self.params.get("RestoreTime"), self.params.get("UseLatestRestorableTime")
    if bool(at) == bool(latest):
        message = "You must specify either RestoreTime or UseLatestRestorableTime, but not both."
        raise RDSClientError("InvalidParameterCombination", message)
    db = self.backend.describe_db_instances(self.params.get("SourceDBInstanceIdentifier"))[0]
    name = db.db_instance_identifier
    if not int(db.backup_retention_period or 0):
        raise RDSClientError("PointInTimeRestoreNotEnabled", f"Point in time restore is not enabled for {name}.")
    found = window(db)
    if not found:
        raise RDSClientError("InvalidDBInstanceState", f"The instance {name} has no backup yet.")
    if at and not found[0] - datetime.timedelta(seconds=1) <= moment(at) <= found[1]:
        edge = f"later than {found[1]}" if moment(at) > found[1] else f"earlier than {found[0]}"
        raise RDSClientError("InvalidParameterValue", f"The specified instance cannot be restored to a time {edge}.")
    version = version_at(db, moment(at) if at else found[1])
    restorable(self, db.engine, version)
    made = restored(self.backend, db, version, self.params.get("TargetDBInstanceIdentifier"), self.params)
    return ActionResult({"DBInstance": made})


# What belongs to the one database alone: moto's own exceptions, and what this extension keeps with it.
OWN = {
    "backend",
    "db_subnet_group",
    "max_allocated_storage",
    "infra_house",
    "infra_status_phase",
    "infra_gone_at",
    "infra_begun",
    "infra_upgrades",
}


def restored(backend: Any, db: Any, version: str, target: Any, overrides: Any) -> Any:
    """AWS's defaults for everything the call does not say. The data are those of now: the local AWS keeps no log of changes."""
    picture = copy.copy(db)
    house = picture.__dict__.pop("_infra_house", None)
    for name, value in {**FRESH, **DROPPED}.items():
        setattr(picture, name, copy.copy(value))
    picture.tags = []
    picture.engine_version = version
    wish = {k.removeprefix("_"): copy.deepcopy(v) for k, v in picture.__dict__.items() if k.removeprefix("_") not in OWN}
    wish["db_name"] = db.db_name
    if not db.option_group_supplied:
        wish.pop("option_group_name", None)
    wish.update({name: value for name, value in overrides.items() if value is not None})
    wish["db_instance_identifier"] = target
    data = house.server.save() if house else None
    wish["infra_data"] = data
    try:
        return backend.create_db_instance(wish)
    finally:
        if data:
            installation.remove(data.rpartition("/")[0])


_create = RDSBackend.create_db_instance


def create_db_instance(self: Any, db_kwargs: Any) -> Any:
    db = _create(self, db_kwargs)
    db._infra_begun = clock.date()
    return db


RDSBackend.create_db_instance = create_db_instance
RDSResponse.restore_db_instance_to_point_in_time = restore_db_instance_to_point_in_time
RDSResponse.describe_db_instance_automated_backups = describe_db_instance_automated_backups
DBInstance.latest_restorable_time = property(latest_restorable_time)
