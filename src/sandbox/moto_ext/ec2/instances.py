"""EC2 instances take time to come and to go, and know Amazon Linux, of which moto has either 2354 images or none."""

import functools
import re
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import Ami
from moto.ec2.models.instances import Instance, InstanceState
from moto.ec2.responses import EC2Response
from moto.utilities.utils import load_resource

from moto_ext import clock
from moto_ext.freetier import account_plan

clock.passing_attribute(Instance, "_state")
ARM = re.compile(r"^(a1|[a-z]+\d+g[a-z]*)\.")  # a1, t4g, m7gd, ...

_init = Instance.__init__
_start = Instance.start
_stop = Instance.stop
_terminate = Instance.terminate
_describe_images = EC2Backend.describe_images
_run = EC2Response.run_instances
_mappings = Ami.block_device_mappings


def settle(instance: Any) -> None:
    """moto changes the state that it finds in place, so it must find its own."""
    clock.show_all(instance, "_state", [])


def begin(instance: Any) -> None:
    clock.show(instance, "_state", InstanceState("pending", 0), "ec2")
    instance._infra_agent_at = clock.now() + clock.seconds("ec2") + clock.seconds("agent")


def init(self: Any, *args: Any, **kwargs: Any) -> None:
    _init(self, *args, **kwargs)
    begin(self)


def start(self: Any) -> Any:
    settle(self)
    before = _start(self)
    begin(self)
    return before


def stop(self: Any) -> Any:
    settle(self)
    return _stop(self)


def terminate(self: Any) -> Any:
    settle(self)
    if self._state.name == "terminated":
        return InstanceState("terminated", 48)
    before = _terminate(self)
    clock.show(self, "_state", InstanceState("shutting-down", 32), "ec2-delete")
    return before


def leaving(backend: Any) -> list[Any]:
    """The network interfaces of instances that are shutting down. On AWS they are there until the end, in moto gone at once."""
    going = [i for r in list(backend.reservations.values()) for i in r.instances if i._state.name == "shutting-down"]
    return [nic for instance in going for nic in instance.nics.values()]


@functools.cache
def amazon_linux(region: str) -> dict[str, Any]:
    try:
        images = load_resource("moto.ec2.models.amis", f"../resources/latest_amis/{region}.json")
    except FileNotFoundError:
        return {}
    return {image["ami_id"]: {**image, "owner_alias": "amazon"} for image in images}


def describe_images(self: Any, ami_ids: Any = None, filters: Any = None, *args: Any, **kwargs: Any) -> Any:
    for image_id in [*(ami_ids or []), *as_list((filters or {}).get("image-id"))]:
        image = amazon_linux(self.region_name).get(image_id)
        if image and image_id not in self.amis:
            self.amis[image_id] = Ami(self, **image)
    return _describe_images(self, ami_ids, filters, *args, **kwargs)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def block_device_mappings(self: Any) -> list[dict[str, Any]]:
    mappings: list[dict[str, Any]] = _mappings.fget(self)
    if (self.name or "").startswith("al2023-"):
        for mapping in mappings:
            mapping["Ebs"].update(VolumeSize=8, VolumeType="gp3", DeleteOnTermination=True)
    return mappings


def run_instances(self: Any) -> Any:
    kind, image_id = self._get_param("InstanceType"), self._get_param("ImageId")
    account_plan.instance(self.current_account, kind)
    images = self.ec2_backend.describe_images(filters={"image-id": [image_id]}) if kind and image_id else []
    of_type = "arm64" if kind and ARM.match(kind) else "x86_64"
    if images and images[0].architecture in ("arm64", "x86_64") and images[0].architecture != of_type:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"The architecture '{of_type}' of the specified instance type does not match the architecture "
            f"'{images[0].architecture}' of the specified AMI. Specify an instance type and an AMI that have matching "
            "architectures, and try again.",
        )
    return _run(self)


Instance.__init__ = init
Instance.start = start
Instance.stop = stop
Instance.terminate = terminate
EC2Backend.describe_images = describe_images
Ami.block_device_mappings = property(block_device_mappings)
EC2Response.run_instances = run_instances
