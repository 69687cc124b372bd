"""EC2 as a whole: due changes, DryRun, client tokens, filters by tag, and quick tag look-ups."""

import threading
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import DryRunClientError, EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

# Callables that bring a backend up to date before a request looks at it (a NAT gateway whose deletion is over, ...).
due: list[Callable[[Any], None]] = []

_call_action = EC2Response.call_action


def call_action(self: Any) -> Any:
    for bring_up_to_date in due:
        bring_up_to_date(self.ec2_backend)
    if self.params.get("DryRun"):  # moto looks at it in half of the operations and carries out the other half
        return self.serialized(ActionResult(DryRunClientError()))
    return _call_action(self)


EC2Response.call_action = call_action


def once_per_client_token(action: str) -> None:
    """The same ClientToken gives the same thing again; with other parameters it is refused."""
    create = getattr(EC2Response, action)
    lock = threading.Lock()

    def create_once(self: Any) -> Any:
        token = self.params.get("ClientToken")
        if not token:
            return create(self)
        wish = repr(sorted((k, v) for k, v in self.params.items() if k != "ClientToken"))
        with lock:
            done = self.ec2_backend.__dict__.setdefault("_infra_tokens", {})
            if (action, token) not in done:
                done[action, token] = (wish, create(self).result)
            first_wish, result = done[action, token]
        if first_wish != wish:
            message = f"The client token '{token}' was used before with other parameters."
            raise EC2ClientError("IdempotentParameterMismatch", message)
        return ActionResult(result)

    setattr(EC2Response, action, create_once)


for name in ("create_nat_gateway", "create_route_table", "run_instances", "create_vpc_endpoint", "create_network_interface"):
    once_per_client_token(name)


def get_tags(self: Any) -> list[dict[str, str]]:
    """moto searches all tags of the account with patterns for every single object: quadratic."""
    kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(self.id), "") if self.id else ""
    tags = self.ec2_backend.tags.get(self.id, {}) if self.id else {}
    return [{"resource_id": self.id, "key": k, "value": v, "resource_type": kind} for k, v in dict(tags).items()]


TaggedEC2Resource.get_tags = get_tags


def unknown_filter_is_invalid(cls: Any) -> None:
    matches_filter = cls.matches_filter

    def checked(self: Any, key: str, values: Any) -> Any:
        if not key.startswith("tag") and key not in self.filters:
            raise EC2ClientError("InvalidParameterValue", f"The filter '{key}' is invalid")
        return matches_filter(self, key, values)

    cls.matches_filter = checked


unknown_filter_is_invalid(SecurityGroup)
unknown_filter_is_invalid(SecurityGroupRule)


def forget_tags(backend: EC2Backend, *ids: str) -> None:
    """Deleted things have no tags on AWS; moto keeps them for ever."""
    for resource_id in ids:
        backend.tags.pop(resource_id, None)
