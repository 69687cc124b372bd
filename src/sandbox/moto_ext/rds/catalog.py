"""Engine versions and instance classes that RDS offers: enough of AWS's list to choose from, not all of it."""

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.models import RDSBackend
from moto.rds.responses import RDSResponse

from moto_ext import clock
from moto_ext.rds.databases import family


def minors(major: str, first: int, last: int) -> list[str]:
    return [f"{major}.{minor}" for minor in range(first, last + 1)]


VERSIONS: dict[str, list[str]] = {
    "postgres": [
        *minors("13", 15, 22),
        *minors("14", 12, 19),
        *minors("15", 7, 14),
        *minors("16", 3, 10),
        *minors("17", 1, 6),
        *minors("18", 1, 2),
    ],
    "mysql": [*minors("8.0", 40, 43), *minors("8.4", 3, 6)],
}
DEFAULTS = {"postgres": "17.6", "mysql": "8.4.6"}
LOGS = {"postgres": ["postgresql", "upgrade", "iam-db-auth-error"], "mysql": ["audit", "error", "general", "slowquery"]}
NAMES = {"postgres": "PostgreSQL", "mysql": "MySQL Community Edition"}
SIZES = ("micro", "small", "medium", "large", "xlarge", "2xlarge")
BURSTABLE, STANDARD = ("t3", "t4g"), ("m5", "m6g", "m6i", "m7g", "r5", "r6g", "r6i", "r7g")
CLASSES = [f"db.{f}.{s}" for f in BURSTABLE for s in SIZES]
CLASSES += [f"db.{f}.{s}" for f in STANDARD for s in ("large", "xlarge", "2xlarge", "4xlarge")]
# From so many GiB on; io1 and io2 with 0.5 to 50 IOPS for each.
STORAGE = {"gp2": 20, "gp3": 20, "io1": 100, "io2": 100, "standard": 5}
# The last day of standard support: the release calendars of RDS for PostgreSQL and MySQL.
STANDARD_SUPPORT = {
    "postgres13": "2026-02-28",
    "postgres14": "2027-02-28",
    "postgres15": "2028-02-29",
    "postgres16": "2029-02-28",
    "postgres17": "2030-02-28",
    "postgres18": "2031-02-28",
    "mysql8.0": "2026-07-31",
    "mysql8.4": "2029-07-31",
}


def past_standard_support(engine: str, version: str) -> bool:
    return clock.date().date().isoformat() > STANDARD_SUPPORT.get(family(engine, version), "9999")


def classes(engine: str, version: str) -> list[str]:
    """m7g and r7g came too late for the oldest majors."""
    old = family(engine, version) in ("postgres13", "mysql8.0")
    return [c for c in CLASSES if not (old and c.split(".")[1] in ("m7g", "r7g"))]


def families(engine: str) -> list[str]:
    return sorted({family(engine, v) for v in VERSIONS[engine]})


def matching(engine: str, version: str | None) -> list[str]:
    offered = VERSIONS[engine]
    return [v for v in offered if not version or v == version or v.startswith(version + ".")]


def resolve(engine: str, version: str | None) -> str | None:
    """`16` means the newest 16.x, as on AWS; nothing means the default."""
    if not version:
        return DEFAULTS[engine]
    found = matching(engine, version)
    return found[-1] if found else None


def upgrade_targets(engine: str, version: str) -> list[dict[str, Any]]:
    later = VERSIONS[engine][VERSIONS[engine].index(version) + 1 :]
    return [
        {
            "Engine": engine,
            "EngineVersion": v,
            "Description": f"{NAMES[engine]} {v}",
            "AutoUpgrade": False,
            "IsMajorVersionUpgrade": family(engine, v) != family(engine, version),
        }
        for v in later
    ]


def engine_version(engine: str, version: str) -> dict[str, Any]:
    return {
        "Engine": engine,
        "EngineVersion": version,
        "MajorEngineVersion": family(engine, version).removeprefix(engine),
        "DBParameterGroupFamily": family(engine, version),
        "DBEngineDescription": NAMES[engine],
        "DBEngineVersionDescription": f"{NAMES[engine]} {version}",
        "Status": "available",
        "ValidUpgradeTarget": upgrade_targets(engine, version),
        "ExportableLogTypes": LOGS[engine],
        "SupportsLogExportsToCloudwatchLogs": True,
        "SupportsReadReplica": True,
        "SupportedCACertificateIdentifiers": ["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"],
    }


def describe_db_engine_versions(self: Any) -> ActionResult:
    wish = self.params
    filters = {f["Name"]: f["Values"] for f in wish.get("Filters", [])}
    named = wish.get("Engine")
    found = []
    for engine in [named] if named else VERSIONS:
        versions = matching(engine, wish.get("EngineVersion")) if engine in VERSIONS else []
        if wish.get("DefaultOnly") and versions:
            default = DEFAULTS[engine]
            versions = [default] if default in versions else versions[-1:]
        found += [engine_version(engine, v) for v in versions]
    wanted_family = wish.get("DBParameterGroupFamily")
    keep = [
        v
        for v in found
        if v["DBParameterGroupFamily"] in filters.get("db-parameter-group-family", [wanted_family or v["DBParameterGroupFamily"]])
        and v["EngineVersion"] in filters.get("engine-version", [v["EngineVersion"]])
        and v["Status"] in filters.get("status", ["available"])
    ]
    return ActionResult({"DBEngineVersions": keep})


_orderable = RDSBackend.describe_orderable_db_instance_options


def orderable(engine: str, version: str, instance_class: str, storage: str, zones: list[str]) -> dict[str, Any]:
    provisioned = storage in ("io1", "io2")
    return {
        "Engine": engine,
        "EngineVersion": version,
        "DBInstanceClass": instance_class,
        "LicenseModel": "postgresql-license" if engine == "postgres" else "general-public-license",
        "AvailabilityZones": [{"Name": z} for z in zones],
        "MultiAZCapable": True,
        "ReadReplicaCapable": True,
        "Vpc": True,
        "SupportsStorageEncryption": True,
        "StorageType": storage,
        "SupportsIops": provisioned,
        "SupportsEnhancedMonitoring": True,
        "SupportsIAMDatabaseAuthentication": True,
        "SupportsPerformanceInsights": engine == "postgres" or not instance_class.endswith((".micro", ".small")),
        "SupportsStorageAutoscaling": True,
        "SupportedNetworkTypes": ["IPV4", "DUAL"],
        "MinStorageSize": STORAGE[storage],
        "MaxStorageSize": 65536,
        **({"MinIopsPerDbInstance": 1000, "MaxIopsPerDbInstance": 256000} if provisioned else {}),
        **({"MinIopsPerGib": 0.5, "MaxIopsPerGib": 50.0} if provisioned else {}),
    }


def describe_orderable_db_instance_options(self: Any) -> ActionResult:
    from moto.ec2.models import ec2_backends

    wish = self.params
    engine = wish.get("Engine")
    if engine not in VERSIONS:
        return ActionResult({"OrderableDBInstanceOptions": _orderable(self.backend, engine, wish.get("EngineVersion"))})
    zones = [z.name for z in ec2_backends[self.current_account][self.region].describe_availability_zones()]
    version, named = wish.get("EngineVersion"), wish.get("DBInstanceClass")
    versions = [v for v in VERSIONS[engine] if v == version] if version else [DEFAULTS[engine]]
    options = [
        orderable(engine, v, c, storage, zones)
        for v in versions
        for c in classes(engine, v)
        if named in (None, c)
        for storage in ("gp3", "gp2", "io1", "io2")
    ]
    begin, size = int(wish.get("Marker") or 0), int(wish.get("MaxRecords") or 100)
    marker = str(begin + size) if begin + size < len(options) else None
    return ActionResult({"OrderableDBInstanceOptions": options[begin : begin + size], "Marker": marker})


RDSResponse.describe_db_engine_versions = describe_db_engine_versions
RDSResponse.describe_orderable_db_instance_options = describe_orderable_db_instance_options
