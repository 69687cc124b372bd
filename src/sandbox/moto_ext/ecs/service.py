"""An ECS service and its deployments, as AWS shows them."""

import math
from typing import Any

from moto.elbv2.models import elbv2_backends
from moto.moto_api._internal import mock_random

from moto_ext import clock
from moto_ext.ecs.tasks import EARLY

EVENTS = 100  # AWS shows no more
# What a deployment is made of: another of these is another deployment.
OWN = ("taskDefinition", "networkConfiguration", "capacityProviderStrategy", "launchType", "platformVersion", "loadBalancers")
DEPLOYMENT_DEFAULTS = {
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
}


class Deployment:
    def __init__(self, config: dict[str, Any], at: float, why: str | None = None):
        self.id = f"ecs-svc/{mock_random.randint(10**18, 10**19 - 1)}"
        self.config = config
        self.created = self.updated = at
        self.status, self.state = "PRIMARY", "IN_PROGRESS"
        self.is_rollback = why is not None
        self.reason = f"{why} {self.id}." if why else f"ECS deployment {self.id} in progress."
        self.failed = 0
        self.tasks: list[Any] = []
        self.retry_at = at

    def live(self) -> list[Any]:
        return [t for t in self.tasks if t.desired_status == "RUNNING"]

    def turn(self, state: str, reason: str, at: float) -> None:
        self.state, self.reason, self.updated = state, reason, at

    def shown(self, desired: int) -> dict[str, Any]:
        states = [t.last_status for t in self.tasks if t.desired_status == "RUNNING"]
        names = ("taskDefinition", "networkConfiguration", "capacityProviderStrategy", "launchType", "platformVersion")
        return {
            "id": self.id,
            "status": self.status,
            "desiredCount": desired,
            "pendingCount": sum(s in EARLY for s in states),
            "runningCount": states.count("RUNNING"),
            "failedTasks": self.failed,
            "createdAt": clock.date(self.created),
            "updatedAt": clock.date(self.updated),
            "rolloutState": self.state,
            "rolloutStateReason": self.reason,
            "platformFamily": "Linux",
            **{n: self.config[n] for n in names if self.config.get(n)},
        }


class Service:
    """`config` is what CreateService and UpdateService were told; `backend` is moto's."""

    def __init__(self, backend: Any, cluster: Any, config: dict[str, Any], asked: dict[str, Any], token: str | None, at: float):
        self._backend = backend
        self.region_name, self._account_id = backend.region_name, backend.account_id
        self.cluster_name, self.cluster_arn = cluster.name, cluster.arn
        self.name = config["serviceName"]
        self.arn = cluster.arn.replace(":cluster/", ":service/") + f"/{self.name}"
        self.config = config
        self.asked, self.token = asked, token
        self.tags: list[dict[str, str]] = config.pop("tags", None) or []
        self.status = "ACTIVE"
        self.created = self.at = at
        self.events: list[dict[str, Any]] = []
        self.deployments: list[Deployment] = []
        self.history: list[Deployment] = []  # all that there ever were, the first one first
        self.good: dict[str, Any] | None = None  # of the last deployment that was completed
        self.is_steady = False
        self.tasks: list[Any] = []  # with those that ended lately
        self.desired_count: int = config.pop("desiredCount")
        self.roll_out(at)

    @property
    def primary(self) -> Deployment:
        return self.deployments[0]

    @property
    def task_definition(self) -> str:
        return str(self.config["taskDefinition"])

    @property
    def load_balancers(self) -> list[dict[str, Any]]:
        return self.config.get("loadBalancers") or []

    @property
    def launch_type(self) -> str | None:
        return self.config.get("launchType")

    @property
    def scheduling_strategy(self) -> str:
        return str(self.config.get("schedulingStrategy") or "REPLICA")

    @property
    def health_path(self) -> str:
        groups = elbv2_backends[self._account_id][self.region_name].target_groups
        group = groups.get(self.load_balancers[0]["targetGroupArn"]) if self.load_balancers else None
        return str((group and group.health_check_path) or "/")

    @property
    def rules(self) -> dict[str, Any]:
        given = self.config.get("deploymentConfiguration") or {}
        return {**DEPLOYMENT_DEFAULTS, **given}

    @property
    def wanted(self) -> int:
        return self.desired_count if self.status == "ACTIVE" else 0

    def limits(self) -> tuple[int, int]:
        """At least so many healthy tasks, at most so many in all, while it is rolled out."""
        rules = self.rules
        least = math.ceil(self.wanted * rules["minimumHealthyPercent"] / 100)
        return least, math.floor(self.wanted * rules["maximumPercent"] / 100)

    def roll_out(self, at: float, why: str | None = None) -> Deployment:
        """From now on new tasks are made of its present config."""
        for one in self.deployments:
            one.status = "ACTIVE"
        made = Deployment({n: self.config[n] for n in OWN if n in self.config}, at, why)
        self.deployments.insert(0, made)
        self.history.append(made)
        self.is_steady = False
        return made

    def say(self, message: str, at: float) -> None:
        event = {"id": str(mock_random.uuid4()), "createdAt": clock.date(at), "message": f"(service {self.name}) {message}"}
        self.events = [event, *self.events[: EVENTS - 1]]

    def shown(self, with_tags: bool = True) -> dict[str, Any]:
        deployments = [d.shown(self.wanted if d is self.primary else 0) for d in self.deployments]
        inactive = self.status == "INACTIVE"
        return {
            "deploymentController": {"type": "ECS"},
            "schedulingStrategy": "REPLICA",
            "propagateTags": "NONE",
            "enableECSManagedTags": False,
            "enableExecuteCommand": False,
            "availabilityZoneRebalancing": "DISABLED",
            "loadBalancers": [],
            "serviceRegistries": [],
            "placementConstraints": [],
            "placementStrategy": [],
            **self.config,
            "deploymentConfiguration": self.rules,
            "serviceArn": self.arn,
            "clusterArn": self.cluster_arn,
            "status": self.status,
            "desiredCount": self.desired_count,
            "runningCount": 0 if inactive else sum(d["runningCount"] for d in deployments),
            "pendingCount": 0 if inactive else sum(d["pendingCount"] for d in deployments),
            "createdAt": clock.date(self.created),
            "createdBy": f"arn:aws:iam::{self._account_id}:user/sandbox",
            "roleArn": f"arn:aws:iam::{self._account_id}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
            "deployments": [] if inactive else deployments,
            "events": list(self.events),
            **({"tags": self.tags} if with_tags else {}),
        }
