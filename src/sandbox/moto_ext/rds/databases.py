"""Databases take time (creating, deleting) and show everything that they were created or changed with."""

from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_api._internal import mock_random
from moto.rds import utils as rds_utils
from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance, RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from moto_ext import clock

clock.passing_attribute(DBInstance, "status")


# Whatever has come about since the last look at a database, by `backend` and database.
COMES_ABOUT: list[Callable[[Any, Any], None]] = []


def living(account: str, region: str) -> Iterable[Any]:
    backend = rds_backends[account][region]
    catch_up(backend)
    return databases(backend)


def databases(backend: Any) -> list[Any]:
    """moto's mapping walks in Python code, so another request can change it on the way."""
    while True:
        try:
            return list(backend.databases.values())
        except RuntimeError:
            continue


def catch_up(backend: Any) -> None:
    for db in databases(backend):
        gone_at = db.__dict__.get("_infra_gone_at")
        if gone_at is not None and clock.now() >= gone_at:
            backend.databases.pop(db.db_instance_identifier, None)
            continue
        for come_about in COMES_ABOUT:
            come_about(backend, db)


_call_action = RDSResponse.call_action


def call_action(self: Any) -> Any:
    catch_up(self.backend)
    return _call_action(self)


def endpoint(self: Any) -> Any:
    return None if self.status == "creating" else {"Address": self.address, "Port": self.port, "HostedZoneId": "Z2R2ITUGPM61AM"}


def family(engine: str, version: str) -> str:
    parts = version.split(".")
    return engine + (parts[0] if engine == "postgres" else ".".join(parts[:2]))


# What moto's constructor drops, with AWS's defaults. On the class, because replicas and restored ones pass by our create.
DROPPED = {
    "monitoring_interval": 0,
    "monitoring_role_arn": None,
    "enhanced_monitoring_resource_arn": None,
    "performance_insights_enabled": False,
    "performance_insights_kms_key_id": None,
    "performance_insights_retention_period": None,
    "network_type": "IPV4",
    "dedicated_log_volume": False,
    "engine_lifecycle_support": "open-source-rds-extended-support",
}
for name, default in DROPPED.items():
    setattr(DBInstance, name, default)


def insights(db: Any, wish: Any) -> None:
    on = wish.get("enable_performance_insights")
    if on is not None:
        db.performance_insights_enabled = on
    if not db.performance_insights_enabled:
        db.performance_insights_retention_period = None
    elif db.performance_insights_retention_period is None:
        db.performance_insights_retention_period = 7


def enhanced_monitoring(db: Any) -> None:
    log = f"arn:aws:logs:{db.region}:{db.account_id}:log-group:RDSOSMetrics:log-stream:{db.dbi_resource_id}"
    db.enhanced_monitoring_resource_arn = log if db.monitoring_interval else None
    if not db.monitoring_interval:
        db.monitoring_role_arn = None


_create = RDSBackend.create_db_instance


def create_db_instance(self: Any, db_kwargs: Any) -> Any:
    db = _create(self, db_kwargs)
    for attribute in DROPPED:
        if attribute in db_kwargs:
            setattr(db, attribute, db_kwargs[attribute])
    db.dbi_resource_id = "db-" + "".join(mock_random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=26))
    if "ca_certificate_identifier" not in db_kwargs:
        db.ca_certificate_identifier = "rds-ca-rsa2048-g1"
    db.publicly_accessible = bool(db.publicly_accessible)
    group = getattr(db, "db_subnet_group", None) if db._db_subnet_group_name else None
    if group and not db_kwargs.get("availability_zone"):
        db.availability_zone = group._subnets[0].availability_zone
    insights(db, db_kwargs)
    enhanced_monitoring(db)
    clock.show(db, "status", "creating", "rds")
    return db


_modify = RDSBackend.modify_db_instance


def modify_db_instance(self: Any, db_instance_identifier: str, db_kwargs: Any) -> Any:
    db = _modify(self, db_instance_identifier, db_kwargs)
    insights(db, db_kwargs)
    enhanced_monitoring(db)
    return db


_delete = RDSBackend.delete_db_instance


def delete_db_instance(self: Any, db_instance_identifier: str, **kwargs: Any) -> Any:
    final, skip = kwargs.get("final_db_snapshot_identifier"), kwargs.get("skip_final_snapshot")
    db = self.databases.get(db_instance_identifier)
    if db and db.__dict__.get("_infra_gone_at") is not None:
        raise RDSClientError("InvalidDBInstanceState", f"Instance {db_instance_identifier} is already being deleted.")
    if db and not db.db_cluster_identifier:
        if not final and not skip:
            message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            raise RDSClientError("InvalidParameterCombination", message)
        if final and skip:
            message = "FinalDBSnapshotIdentifier cannot be specified when SkipFinalSnapshot is enabled."
            raise RDSClientError("InvalidParameterCombination", message)
    known = ("final_db_snapshot_identifier", "skip_final_snapshot", "delete_automated_backups")
    db = _delete(self, db_instance_identifier, **{k: v for k, v in kwargs.items() if k in known})
    clock.show_all(db, "status", [])  # it is deleting now, whatever it was at
    if clock.seconds("rds-delete"):
        db._infra_gone_at = clock.now() + clock.seconds("rds-delete")
        self.databases[db_instance_identifier] = db
    return db


_overlap = rds_utils.get_overlap_between_two_date_ranges


def overlap(*times: Any) -> int:
    """moto takes windows that touch for overlapping; AWS accepts them."""
    return _overlap(*times) or -1


rds_utils.get_overlap_between_two_date_ranges = overlap
RDSResponse.call_action = call_action
RDSBackend.create_db_instance = create_db_instance
RDSBackend.modify_db_instance = modify_db_instance
RDSBackend.delete_db_instance = delete_db_instance
DBInstance.endpoint = property(endpoint)
