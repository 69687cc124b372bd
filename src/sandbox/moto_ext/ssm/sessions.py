"""Systems Manager: which instances its agent runs in, and sessions to them. No byte flows: a stand-in plays the plugin."""

import datetime
import json
import sys
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.moto_api._internal import mock_random
from moto.ssm.exceptions import SSMException
from moto.ssm.responses import SimpleSystemManagerResponse

from moto_ext import clock

POLICY = "AmazonSSMManagedInstanceCore"
AGENT = "3.3.3050.0"
REMOTE_HOST = "AWS-StartPortForwardingSessionToRemoteHost"
# Name of a document -> parameters that it cannot do without, parameters that it knows.
DOCUMENTS: dict[str, tuple[set[str], set[str]]] = {
    "SSM-SessionManagerRunShell": (set(), set()),
    "AWS-StartSSHSession": (set(), {"portNumber"}),
    "AWS-StartPortForwardingSession": (set(), {"portNumber", "localPortNumber"}),
    REMOTE_HOST: ({"host"}, {"host", "portNumber", "localPortNumber"}),
    "AWS-StartInteractiveCommand": ({"command"}, {"command"}),
}


def instances_of(response: Any) -> list[Any]:
    backend = ec2_backends[response.current_account][response.region]
    return [i for r in list(backend.reservations.values()) for i in r.instances]


def has_permission(response: Any, instance: Any) -> bool:
    associations = ec2_backends[response.current_account][response.region].iam_instance_profile_associations
    profile = associations[instance.id].iam_instance_profile if instance.id in associations else None
    roles = iam_backends[response.current_account][response.partition].roles.values()
    own = [r for r in roles if profile and r.name in [p.name for p in profile.roles]]
    return any(r.policies or POLICY in [p.name for p in r.managed_policies.values()] or custom(r) for r in own)


def custom(role: Any) -> bool:
    """A policy of the account's own may allow what the agent needs; nobody reads it here."""
    return any(":aws:policy/" not in arn for arn in role.managed_policies)


def ping(response: Any, instance: Any) -> str | None:
    """As AWS: what has never been online is not listed, and what has been and runs no more has lost its connection."""
    state = instance._state.name
    reachable = bool(instance.public_ip) and has_permission(response, instance)
    if state == "running" and reachable and clock.now() >= instance._infra_agent_at:
        instance._infra_was_online = True
        return "Online"
    lost = instance.__dict__.get("_infra_was_online") and state not in ("terminated", "shutting-down")
    return "ConnectionLost" if lost else None


def row(instance: Any, status: str) -> dict[str, Any]:
    return {
        "InstanceId": instance.id,
        "PingStatus": status,
        "LastPingDateTime": datetime.datetime.now(datetime.timezone.utc),
        "AgentVersion": AGENT,
        "IsLatestVersion": True,
        "PlatformType": "Linux",
        "PlatformName": "Amazon Linux",
        "PlatformVersion": "2023",
        "ResourceType": "EC2Instance",
        "IPAddress": instance.private_ip,
        "ComputerName": instance.private_dns_name,
    }


FIELDS = {
    "InstanceIds": "InstanceId",
    "PingStatus": "PingStatus",
    "PlatformTypes": "PlatformType",
    "AgentVersion": "AgentVersion",
    "ResourceType": "ResourceType",
}


def matches(instance: Any, shown: dict[str, Any], key: str, values: list[str]) -> bool:
    tags = {t["key"]: t["value"] for t in instance.get_tags()}
    if key.startswith("tag:"):
        return tags.get(key[4:]) in values
    if key == "tag-key":
        return any(v in tags for v in values)
    if key not in FIELDS:
        raise SSMException("InvalidFilterKey", f"The filter key {key} is not valid.")
    return shown[FIELDS[key]] in values


def describe_instance_information(self: Any) -> ActionResult:
    wish = json.loads(self.body or "{}")
    filters = [(f["Key"], f["Values"]) for f in wish.get("Filters") or []]
    filters += [(f["key"], f["valueSet"]) for f in wish.get("InstanceInformationFilterList") or []]
    found = []
    for instance in instances_of(self):
        status = ping(self, instance)
        shown = row(instance, status) if status else None
        if shown and all(matches(instance, shown, key, values) for key, values in filters):
            found.append(shown)
    start, size = int(wish.get("NextToken") or 0), int(wish.get("MaxResults") or 50)
    more = {"NextToken": str(start + size)} if len(found) > start + size else {}
    return ActionResult({"InstanceInformationList": found[start : start + size], **more})


def sessions(self: Any) -> dict[str, Any]:
    return self.ssm_backend.__dict__.setdefault("_infra_sessions", {})


def check(document: str, parameters: dict[str, Any]) -> None:
    if document not in DOCUMENTS:
        raise SSMException("InvalidDocument", f"Document with name {document} does not exist.")
    needed, known = DOCUMENTS[document]
    wrong = sorted((needed - set(parameters)) | (set(parameters) - known))
    if wrong:
        raise SSMException("ValidationException", f"Parameters of {document}: {', '.join(wrong)}")


def connected(self: Any, target: str) -> bool:
    if target.startswith("ecs:"):
        ecs = sys.modules.get("moto_ext.ecs.tasks")  # without it nobody has called ECS yet
        return bool(ecs and ecs.takes_sessions(self.current_account, self.region, target))
    instance = next((i for i in instances_of(self) if i.id == target), None)
    return instance is not None and ping(self, instance) == "Online"


def start_session(self: Any) -> ActionResult:
    wish = json.loads(self.body or "{}")
    target = wish.get("Target", "")
    if not connected(self, target):
        raise SSMException("TargetNotConnected", f"{target} is not connected.")
    check(wish.get("DocumentName") or "SSM-SessionManagerRunShell", wish.get("Parameters") or {})
    session_id = "infra-" + mock_random.get_random_hex(17)
    sessions(self)[session_id] = {
        "SessionId": session_id,
        "Target": target,
        "Status": "Connected",
        "StartDate": datetime.datetime.now(datetime.timezone.utc),
        "DocumentName": wish.get("DocumentName"),
        "Reason": wish.get("Reason"),
        "Owner": f"arn:aws:sts::{self.current_account}:assumed-role/infra/infra",
    }
    url = f"wss://ssmmessages.{self.region}.amazonaws.com/v1/data-channel/{session_id}?role=publish_subscribe"
    token = "".join(mock_random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=300))
    return ActionResult({"SessionId": session_id, "TokenValue": token, "StreamUrl": url})


def terminate_session(self: Any) -> ActionResult:
    session_id = json.loads(self.body or "{}").get("SessionId", "")
    session = sessions(self).get(session_id)
    if session is None:
        raise SSMException("DoesNotExistException", f"Session {session_id} does not exist.")
    session.update(Status="Terminated", EndDate=datetime.datetime.now(datetime.timezone.utc))
    return ActionResult({"SessionId": session_id})


def describe_sessions(self: Any) -> ActionResult:
    active = json.loads(self.body or "{}").get("State") == "Active"
    return ActionResult({"Sessions": [s for s in sessions(self).values() if (s["Status"] == "Connected") == active]})


for action in (describe_instance_information, start_session, terminate_session, describe_sessions):
    setattr(SimpleSystemManagerResponse, action.__name__, action)
