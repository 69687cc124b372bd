"""A standby in another zone, and a failover to it: the new zone shows when the database is available again."""

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.models import DBInstance
from moto.rds.responses import RDSResponse


def zones(db: Any) -> list[str]:
    group = getattr(db, "db_subnet_group", None)
    return sorted({s.availability_zone for s in group._subnets}) if group else []


def secondary_availability_zone(self: Any) -> str | None:
    if not self.multi_az:
        return None
    return next((z for z in zones(self) if z != self.availability_zone), None)


_reboot = RDSResponse.reboot_db_instance


def reboot_db_instance(self: Any) -> ActionResult:
    result = _reboot(self)  # refuses it without a standby
    db = result.result["DBInstance"]
    if self.params.get("ForceFailover"):
        db.availability_zone = secondary_availability_zone(db) or db.availability_zone
    return result


DBInstance.secondary_availability_zone = property(secondary_availability_zone)
RDSResponse.reboot_db_instance = reboot_db_instance
