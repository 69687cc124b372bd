"""Security groups: a rule is a duplicate whatever its description, a call adds all rules or none and returns them all."""

import threading
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses import EC2Response

_lock = threading.RLock()


def identity(rule: Any) -> tuple[Any, ...]:
    ports = None if rule.ip_protocol == "-1" else (rule.from_port, rule.to_port)
    ranges = rule.ip_range.get("CidrIp"), rule.ip_range.get("CidrIpv6")
    return rule.ip_protocol, ports, *ranges, rule.source_group.get("GroupId"), rule.prefix_list_id


def same(self: Any, other: Any) -> bool:
    return isinstance(other, SecurityGroupRule) and identity(self) == identity(other)


def description(self: Any) -> Any:
    return self.ip_range.get("Description") or self.source_group.get("Description")


def authorize(direction: str) -> Any:
    def action(self: Any) -> ActionResult:
        add = getattr(self.ec2_backend, f"authorize_security_group_{direction}")
        added: list[Any] = []
        with _lock:
            group, before = None, []
            try:
                for wish in self._process_rules_from_querystring():
                    if group is None:
                        group = self.ec2_backend.get_security_group_by_name_or_id(wish["group_name_or_id"])
                        before = list(getattr(group, f"{direction}_rules", []))
                    rules, _ = add(**wish)
                    added += rules
            except Exception:
                if group is not None:
                    setattr(group, f"{direction}_rules", before)
                raise
        return ActionResult({"Return": True, "SecurityGroupRules": added})

    return action


_create = EC2Response.create_security_group


def create_security_group(self: Any) -> ActionResult:
    result = _create(self).result
    group = self.ec2_backend.get_security_group_from_id(result["GroupId"])
    return ActionResult({**result, "Tags": [{"Key": t["key"], "Value": t["value"]} for t in group.get_tags()]})


SecurityGroupRule.__eq__ = same
SecurityGroupRule.description = property(description)
EC2Response.authorize_security_group_ingress = authorize("ingress")
EC2Response.authorize_security_group_egress = authorize("egress")
EC2Response.create_security_group = create_security_group
