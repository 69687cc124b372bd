"""Stopping and starting a database: states that take time, and what AWS refuses on the way."""

import datetime
from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance, RDSBackend

from moto_ext import clock

WEEK = datetime.timedelta(days=7)

_stop = RDSBackend.stop_db_instance
_start = RDSBackend.start_db_instance


def stop_db_instance(self: Any, db_instance_identifier: str, db_snapshot_identifier: Any = None) -> Any:
    db = self.describe_db_instances(db_instance_identifier)[0]
    if db.replicas:
        message = f"Cannot stop or start {db_instance_identifier} because it has read replicas."
        raise RDSClientError("InvalidDBInstanceState", message)
    db = _stop(self, db_instance_identifier, db_snapshot_identifier)
    db._infra_stopped_at = datetime.datetime.now(datetime.timezone.utc)
    clock.show(db, "status", "stopping", "rds-stop")
    return db


def start_db_instance(self: Any, db_instance_identifier: str) -> Any:
    db = _start(self, db_instance_identifier)
    clock.show(db, "status", "starting", "rds-start")
    return db


def automatic_restart_time(self: Any) -> Any:
    """AWS starts it again then; no sandbox lives that long."""
    return self._infra_stopped_at + WEEK if self.status == "stopped" else None


RDSBackend.stop_db_instance = stop_db_instance
RDSBackend.start_db_instance = start_db_instance
DBInstance.automatic_restart_time = property(automatic_restart_time)
