"""ModifyDBInstance as AWS does it: what may wait for the maintenance window waits there, and what is under way shows so.

docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html says of each setting when it is changed.
"""

import datetime
import math
from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance, RDSBackend

from moto_ext import clock
from moto_ext.rds import events
from moto_ext.rds.databases import COMES_ABOUT, family

# What waits for the window unless ApplyImmediately is set, and how PendingModifiedValues calls it.
WAITS = {
    "db_instance_class": "DBInstanceClass",
    "allocated_storage": "AllocatedStorage",
    "storage_type": "StorageType",
    "iops": "Iops",
    "storage_throughput": "StorageThroughput",
    "multi_az": "MultiAZ",
    "engine_version": "EngineVersion",
    "backup_retention_period": "BackupRetentionPeriod",
}
STORAGE = ("allocated_storage", "storage_type", "iops", "storage_throughput")
COOL_DOWN = 6 * 3600
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# For so much of the time of a change the old status still shows.
LATE = 0.3


def window_opens(window: str, moment: float) -> float:
    """When the maintenance window opens next; now, when it is open for another half hour."""
    now = clock.date(moment)
    begin, end = (parse(text) for text in window.lower().split("-"))
    length = (end - begin) % WEEK
    since = (now.weekday() * DAY + now.hour * 60 + now.minute - begin) % WEEK
    return moment if since <= length - 30 else moment + (WEEK - since) * 60 - now.second


DAY = 24 * 60
WEEK = 7 * DAY


def parse(text: str) -> int:
    day, hour, minute = text.split(":")
    return DAYS.index(day) * DAY + int(hour) * 60 + int(minute)


def waits(db: Any, name: str, value: Any) -> bool:
    """Backups from one number of days to another are changed as soon as possible."""
    if name == "backup_retention_period":
        return 0 in (value, db.backup_retention_period)
    return name in WAITS


def is_major(db: Any, version: str | None) -> bool:
    return version is not None and family(db.engine, version) != family(db.engine, db.engine_version)


def of(db: Any, name: str, otherwise: Any) -> Any:
    return db.__dict__.setdefault(f"_infra_{name}", otherwise)


def must_be_available(db: Any) -> None:
    if db.status not in ("available", "storage-optimization", "storage-full"):
        raise RDSClientError("InvalidDBInstanceState", "Database instance is not in available state.")


def storage_may_change(db: Any) -> None:
    last = of(db, "storage_changed_at", None)
    if db.status == "storage-optimization" or (last is not None and clock.now() < last + COOL_DOWN):
        why = "because the previous storage change is being optimized."
        raise RDSClientError("InvalidParameterCombination", f"You can't currently modify the storage of this DB instance {why}")


_modify = RDSBackend.modify_db_instance


def modify_db_instance(self: Any, db_instance_identifier: str, db_kwargs: Any) -> Any:
    db = self.describe_db_instances(db_instance_identifier)[0]
    must_be_available(db)
    wish = {name: value for name, value in db_kwargs.items() if value is not None and name != "db_instance_identifier"}
    at_once = wish.pop("apply_immediately", False)
    wish.pop("allow_major_version_upgrade", None)
    pending = of(db, "pending", {})
    later = {name: wish.pop(name) for name in WAITS if name in wish and waits(db, name, wish[name])}
    if later.get("allocated_storage", 0) > db.allocated_storage:  # AWS rounds up to 10 percent more
        later["allocated_storage"] = max(later["allocated_storage"], math.ceil(db.allocated_storage * 1.1))
    changed = {name: value for name, value in later.items() if value != getattr(db, name)}
    if any(name in STORAGE for name in changed):
        storage_may_change(db)
    if is_major(db, changed.get("engine_version")) and "db_parameter_group_name" in wish:
        changed["db_parameter_group_name"] = wish.pop("db_parameter_group_name")
    # Only a change that is made at once takes back what was to come: docs, "Using the Apply Immediately setting".
    if at_once:
        for name in later:
            pending.pop(name, None)
        if "engine_version" in later:  # the parameter group of the new family came with it
            pending.pop("db_parameter_group_name", None)
    pending.update(changed)
    if wish:
        if wish.get("db_parameter_group_name", db.db_parameter_group_name) != db.db_parameter_group_name:
            db._infra_restart_wanted = True
        _modify(self, db_instance_identifier, wish)
        clock.show(db, "status", "modifying", "modify")
    if at_once and pending:
        begin(self, db, clock.now())
    elif pending:
        db._infra_window_at = window_opens(db.preferred_maintenance_window, clock.now())
    return db


def begin(backend: Any, db: Any, moment: float) -> None:
    wish, length = dict(db._infra_pending), clock.seconds("modify")
    db._infra_pending.clear()
    words = [("available", LATE * length), ("modifying", length)]
    if "engine_version" in wish:
        words.append(("upgrading", clock.seconds("upgrade")))
    db._infra_under_way = (wish, moment + sum(seconds for _, seconds in words))
    if any(name in STORAGE for name in wish):
        words.append(("storage-optimization", clock.seconds("storage")))
        db._infra_storage_changed_at = moment
    clock.show_all(db, "status", words, moment)
    come_about(backend, db)


def come_about(backend: Any, db: Any) -> None:
    """What was to come has begun, and what was under way is done, if it is time."""
    if of(db, "pending", {}) and clock.now() >= of(db, "window_at", math.inf):
        begin(backend, db, db._infra_window_at)
    wish, done_at = of(db, "under_way", None) or ({}, math.inf)
    if clock.now() < done_at:
        return
    db._infra_under_way = None
    upgraded = is_major(db, wish.get("engine_version"))
    if upgraded and events.refused(backend, db, done_at):
        upgraded = False
        wish = {name: value for name, value in wish.items() if name not in ("engine_version", "db_parameter_group_name")}
    if upgraded:
        began = done_at - clock.seconds("upgrade")
        of(db, "upgrades", []).append((clock.date(began), clock.date(done_at), db.engine_version))
        kept_before(backend, db, wish["engine_version"], clock.date(began))
    _modify(backend, db.db_instance_identifier, wish)
    if upgraded:
        db._infra_restart_wanted = True
        events.add(backend, db, "Engine version upgrade finished.", done_at, "maintenance")
        kept(backend, db, f"rds:{db.db_instance_identifier}-{clock.date(done_at):%Y-%m-%d-%H-%M-%S}", clock.date(done_at))


def kept_before(backend: Any, db: Any, version: str, date: datetime.datetime) -> None:
    versions = f"{db.engine_version}-to-{version}".replace(".", "-")
    kept(backend, db, f"rds:preupgrade-{db.db_instance_identifier}-{versions}-{date:%Y-%m-%d-%H-%M}", date)


def kept(backend: Any, db: Any, name: str, date: datetime.datetime) -> None:
    """AWS takes a snapshot before and after an upgrade, if there are automated backups at all."""
    if int(db.backup_retention_period or 0) and name not in backend.database_snapshots:
        made = backend.create_db_snapshot(db.db_instance_identifier, name, snapshot_type="automated")
        made.created = made.original_snapshot_create_time = date


def pending_modified_values(self: Any) -> dict[str, Any]:
    under_way = (of(self, "under_way", None) or ({},))[0]
    coming = {**of(self, "pending", {}), **under_way}
    return {WAITS[name]: value for name, value in coming.items() if name in WAITS}


COMES_ABOUT.append(come_about)
RDSBackend.modify_db_instance = modify_db_instance
DBInstance.pending_modified_values = property(pending_modified_values)
