"""Inside a network: databases that answer only from there, and the one container that runs there for real, which is infra's psql."""

import ipaddress
import json
import os
import shutil
import subprocess
import threading
from typing import Any

from moto.ec2.models import ec2_backends
from moto.rds.models import rds_backends

from moto_ext.postgres import installation

# Everywhere, or in single accounts: tests share one server and have an account each.
_everywhere = os.environ.get("INFRA_SANDBOX_PRIVATE_DATABASES") == "1"
_accounts: set[str] = set()

NO_WAY = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    "unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret from secrets manager: "
    "RequestCanceled: request context canceled caused by: context deadline exceeded. Please check your task network configuration."
)


def is_private(account: str) -> bool:
    return _everywhere or account in _accounts


def set_private(account: str, private: bool) -> None:
    (_accounts.add if private else _accounts.discard)(account)


def network_of(task: Any) -> dict[str, Any]:
    return dict((task.__dict__.get("network_configuration") or {}).get("awsvpcConfiguration") or {})


def has_way_out(task: Any) -> bool:
    """Each of its subnets leads to the internet: AWS takes any of them. Through an internet gateway only with a public address."""
    ec2, network = ec2_backends[task._account_id][task.region_name], network_of(task)
    known = {s.id: s for zone in list(ec2.subnets.values()) for s in list(zone.values())}
    return all(leads_out(ec2, known[s], network.get("assignPublicIp") == "ENABLED") for s in network.get("subnets", []))


def leads_out(ec2: Any, subnet: Any, public: bool) -> bool:
    tables = [t for t in list(ec2.route_tables.values()) if t.vpc_id == subnet.vpc_id]
    own = [t for t in tables if subnet.id in t._associations.values()] or [t for t in tables if t.main_association_id]
    routes = [r for t in own for r in list(t._routes.values()) if r.destination_cidr_block == "0.0.0.0/0"]
    return any(r.state == "active" and (public or not r.gateway) for r in routes)


def lets_in(task: Any, db: Any) -> bool:
    """A security group of the database has a rule for the task; both are in one network."""
    ec2, network = ec2_backends[task._account_id][task.region_name], network_of(task)
    mine = {(g, ec2.get_security_group_from_id(g)) for g in network.get("securityGroups", [])}
    address = next(d["value"] for a in task.attachments for d in a["details"] if d["name"] == "privateIPv4Address")
    vpc = db.db_subnet_group.vpc_id if db.db_subnet_group else None
    if any(group is None or group.vpc_id != vpc for _, group in mine):
        return False
    groups = [ec2.get_security_group_from_id(g) for g in db.vpc_security_group_ids]
    return any(admits(r, int(db.port), address, {g for g, _ in mine}) for group in groups if group for r in group.ingress_rules)


def admits(rule: Any, port: int, address: str, groups: set[str]) -> bool:
    ports = rule.ip_protocol == "-1" or (rule.ip_protocol == "tcp" and int(rule.from_port) <= port <= int(rule.to_port))
    block = rule.ip_range.get("CidrIp")
    source = rule.source_group.get("GroupId") in groups or (block and ipaddress.ip_address(address) in ipaddress.ip_network(block))
    return bool(ports and source)


def environment_of(task: Any, container: dict[str, Any]) -> dict[str, str]:
    """What the task definition gives, with the values of its secrets."""
    given = {e["name"]: e["value"] for e in container.get("environment") or []}
    given.update({s["name"]: value_of(s["valueFrom"]) for s in container.get("secrets") or []})
    return lead_inside(task, given)


def value_of(value_from: str) -> str:
    """One key of a secret; ecs_trouble has made sure that it is there."""
    from moto.secretsmanager.models import secretsmanager_backends

    parts = value_from.split(":")
    secrets = list(secretsmanager_backends[parts[4]][parts[3]].secrets.values())
    secret = next(s for s in secrets if s.arn == ":".join(parts[:7]))
    key, stage = (parts[7] if len(parts) > 7 else ""), (parts[8] if len(parts) > 8 else "") or "AWSCURRENT"
    text = next(v for v in secret.versions.values() if stage in v["version_stages"])["secret_string"]
    return str(json.loads(text)[key] if key else text)


def lead_inside(task: Any, given: dict[str, str]) -> dict[str, str]:
    """The endpoint of a database is a door for those outside. Whom its security group lets in gets the server itself."""
    for db in list(rds_backends[task._account_id][task.region_name].databases.values()):
        house = db.__dict__.get("_infra_house")
        if house and given.get("PGPORT") == str(house.door.port) and lets_in(task, db):
            house.server.connect().close()  # so that it runs
            return {**given, "PGPORT": str(house.server.port)}
    return given


class Run:
    """The command of a task, carried out on this machine as the server's user, with nothing of this process's environment."""

    def __init__(self, command: list[str], given: dict[str, str]) -> None:
        self.folder = installation.new_folder()
        psql = os.path.dirname(shutil.which("psql", path=installation.program("")) or shutil.which("psql") or "")
        path = os.pathsep.join(p for p in (psql, os.environ.get("PATH", os.defpath)) if p)
        env = {**installation.environment(self.folder), "PATH": path, "TMPDIR": self.folder, **given}
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        user: dict[str, Any] = installation.NOBODY
        self.guard = subprocess.Popen(installation.guarded(command), cwd=self.folder, env=env, start_new_session=True, **pipes, **user)

    def result(self) -> tuple[int, list[str]]:
        """Its exit code and all that it wrote, once it has ended."""
        assert self.guard.stdout is not None
        said = self.guard.stdout.read().decode("utf-8", "replace")
        code = self.guard.wait()
        self.guard.stdout.close()
        installation.remove(self.folder)
        return (code if code >= 0 else 128 - code), said.splitlines()

    def stop(self) -> None:
        try:
            assert self.guard.stdin is not None
            self.guard.stdin.write(b"TERM\n")
            self.guard.stdin.flush()
        except OSError:
            pass  # it has ended meanwhile


def start(task: Any, container: dict[str, Any], command: list[str], ended: Any) -> None:
    """Runs the command; `ended(code, lines)` is called from another thread."""

    def follow() -> None:
        try:
            run = task._infra_run = Run(command, environment_of(task, container))
            code, lines = run.result()
        except Exception as error:
            code, lines = 127, [f"the sandbox could not run it: {type(error).__name__}: {error}"]
        ended(code, lines)

    threading.Thread(target=follow, daemon=True).start()
