"""DB parameters as AWS knows them: their defaults and limits, static ones that wait for a restart, and the restart."""

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import DBParameterGroupNotFoundError, RDSClientError
from moto.rds.models import DBInstance, RDSBackend
from moto.rds.responses import RDSResponse

from moto_ext import clock
from moto_ext.rds import catalog, parameter_families
from moto_ext.rds.databases import databases
from moto_ext.rds.modify import must_be_available

PAGE = 100
RANGE = re.compile(r"^(-?[\d.]+)-(-?[\d.]+)$")


def read(text: str) -> dict[str, dict[str, Any]]:
    found = {}
    for line in text.strip().splitlines():
        name, kind, data_type, allowed, fixed = [*line.split("|"), "", ""][:5]
        found[name] = {
            "ParameterName": name,
            "Source": "engine-default",
            "ApplyType": kind,
            "DataType": data_type,
            "AllowedValues": allowed or None,
            "IsModifiable": not fixed,
            "ApplyMethod": "pending-reboot",
        }
    return found


KNOWN = {"postgres": read(parameter_families.POSTGRES), "mysql": read(parameter_families.MYSQL)}


def known(family: Any) -> dict[str, dict[str, Any]] | None:
    return next((table for engine, table in KNOWN.items() if str(family).startswith(engine)), None)


def group_of(backend: Any, name: Any) -> Any:
    group = backend.db_parameter_groups.get(str(name).lower())
    if not group:
        raise DBParameterGroupNotFoundError(name)
    return group


def allows(parameter: dict[str, Any], value: str) -> bool:
    allowed = parameter["AllowedValues"]
    if not allowed or "{" in value or "(" in value:  # a formula over the memory of the class
        return True
    limits = RANGE.match(allowed)
    if not limits:
        return value.lower() in allowed.lower().split(",")
    try:
        return float(limits[1]) <= float(value) <= float(limits[2])
    except ValueError:
        return False


def check(table: dict[str, dict[str, Any]], wish: Any, valued: bool) -> None:
    name, value = wish["ParameterName"], str(wish.get("ParameterValue"))
    parameter = table.get(name)
    if not parameter:
        raise RDSClientError("InvalidParameterValue", f"Could not find parameter with name: {name}")
    if not parameter["IsModifiable"]:
        raise RDSClientError("InvalidParameterValue", f"The parameter {name} cannot be modified.")
    if wish.get("ApplyMethod") not in ("immediate", "pending-reboot"):
        raise RDSClientError("InvalidParameterValue", f"Invalid apply method: {wish.get('ApplyMethod')}")
    if wish["ApplyMethod"] == "immediate" and parameter["ApplyType"] == "static":
        raise RDSClientError("InvalidParameterCombination", "cannot use immediate apply method for static parameter")
    if valued and not allows(parameter, value):
        message = f"Invalid parameter value: {value} for: {name} allowed values are: {parameter['AllowedValues']}"
        raise RDSClientError("InvalidParameterValue", message)


def restart_wanted(backend: Any, group: Any, wishes: list[Any]) -> None:
    if any(w["ApplyMethod"] == "pending-reboot" for w in wishes):
        for db in databases(backend):
            if db.db_parameter_group_name == group.name:
                db._infra_restart_wanted = True


def at_most_20(wishes: list[Any]) -> None:
    if len(wishes) > 20:
        raise RDSClientError("InvalidParameterValue", "A maximum of 20 parameters can be modified in a single request.")


_modify = RDSResponse.modify_db_parameter_group


def modify_db_parameter_group(self: Any) -> Any:
    group = group_of(self.backend, self.params.get("DBParameterGroupName"))
    table, wishes = known(group.family), self.params.get("Parameters", [])
    if table is None:
        return _modify(self)
    at_most_20(wishes)
    for wish in wishes:
        check(table, wish, valued=True)
    changed = [w for w in wishes if group.parameters.get(w["ParameterName"], {}).get("ParameterValue") != w["ParameterValue"]]
    answer = _modify(self)
    restart_wanted(self.backend, group, changed)
    return answer


def reset_db_parameter_group(self: Any) -> ActionResult:
    group = group_of(self.backend, self.params.get("DBParameterGroupName"))
    table, wishes = known(group.family) or {}, self.params.get("Parameters", [])
    if self.params.get("ResetAllParameters") or not wishes:
        wishes = [{"ParameterName": name, "ApplyMethod": "pending-reboot"} for name in group.parameters]
    else:
        at_most_20(wishes)
        for wish in wishes:
            check(table, wish, valued=False)
    changed = [w for w in wishes if group.parameters.pop(w["ParameterName"], None)]
    restart_wanted(self.backend, group, changed)
    return ActionResult({"DBParameterGroupName": group.name})


def page_of(self: Any, found: list[dict[str, Any]]) -> dict[str, Any]:
    begin, size = int(self.params.get("Marker") or 0), int(self.params.get("MaxRecords") or PAGE)
    more = begin + size < len(found)
    return {"Parameters": found[begin : begin + size], "Marker": str(begin + size) if more else None}


_describe = RDSResponse.describe_db_parameters


def describe_db_parameters(self: Any) -> Any:
    group = group_of(self.backend, self.params.get("DBParameterGroupName"))
    table = known(group.family)
    if table is None:
        return _describe(self)
    source = self.params.get("Source")
    shown = [{**p, **group.parameters[name], "Source": "user"} if name in group.parameters else p for name, p in table.items()]
    return ActionResult(page_of(self, [p for p in shown if not source or p["Source"] == source]))


def describe_engine_default_parameters(self: Any) -> ActionResult:
    family = self.params.get("DBParameterGroupFamily")
    table = known(family)
    engine = next((e for e in catalog.VERSIONS if str(family).startswith(e)), "")
    if table is None or family not in catalog.families(engine):
        raise RDSClientError("InvalidParameterValue", f"ParameterGroupFamily {family} is not a valid parameter group family")
    names = [v for f in self.params.get("Filters", []) if f["Name"] == "parameter-name" for v in f["Values"]]
    found = [p for name, p in table.items() if not names or name in names]
    return ActionResult({"EngineDefaults": {"DBParameterGroupFamily": family, **page_of(self, found)}})


def db_parameter_group_status_list(self: Any) -> list[dict[str, str]]:
    status = "pending-reboot" if self.__dict__.get("_infra_restart_wanted") else "in-sync"
    return [{"DBParameterGroupName": g.name, "ParameterApplyStatus": status} for g in self.db_parameter_groups()]


def reboot_db_instance(self: Any) -> ActionResult:
    db = self.backend.describe_db_instances(self.params.get("DBInstanceIdentifier"))[0]
    if self.params.get("ForceFailover") and not db.multi_az:
        message = "Force failover cannot be specified since the instance is not configured for MultiAZ or cross AZ high availability."
        raise RDSClientError("InvalidParameterCombination", message)
    must_be_available(db)
    self.backend.reboot_db_instance(db.db_instance_identifier)
    return ActionResult({"DBInstance": db})


_reboot = RDSBackend.reboot_db_instance


def reboot_in_backend(self: Any, db_instance_identifier: str) -> Any:
    db = _reboot(self, db_instance_identifier)
    db._infra_restart_wanted = False
    clock.show(db, "status", "rebooting", "reboot")
    return db


RDSResponse.modify_db_parameter_group = modify_db_parameter_group
RDSResponse.reset_db_parameter_group = reset_db_parameter_group
RDSResponse.describe_db_parameters = describe_db_parameters
RDSResponse.describe_engine_default_parameters = describe_engine_default_parameters
RDSResponse.reboot_db_instance = reboot_db_instance
RDSBackend.reboot_db_instance = reboot_in_backend
DBInstance.db_parameter_group_status_list = property(db_parameter_group_status_list)
