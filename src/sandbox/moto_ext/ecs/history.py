"""What a service was deployed as before: ListServiceDeployments and DescribeServiceRevisions, as AWS answers them."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.responses import EC2ContainerServiceResponse as Response

from moto_ext import clock
from moto_ext.ecs.calls import invalid
from moto_ext.ecs.service import OWN, Deployment, Service
from moto_ext.ecs.service_calls import get_service, wish_of
from moto_ext.ecs.world import LOCK, services, settle

AT_ONCE = 20  # revisions that one call describes
DAYS = 90  # AWS shows no older deployment
STATUSES = (
    "PENDING",
    "SUCCESSFUL",
    "STOPPED",
    "STOP_REQUESTED",
    "IN_PROGRESS",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
)


def place(service: Service, what: str, deployment: Deployment) -> str:
    return f"{service.arn.replace(':service/', f':{what}/')}/{deployment.id.split('/')[-1]}"


def status(service: Service, deployment: Deployment) -> str:
    """A deployment that the circuit breaker has given up ends with the one that it brings back: that one is none of its own."""
    if deployment.state == "COMPLETED":
        return "SUCCESSFUL"
    if deployment.state == "FAILED":
        back = next((d for d in service.history if d.is_rollback and d.created >= deployment.created), None)
        if back is None:
            return "STOPPED"
        return "ROLLBACK_SUCCESSFUL" if back.state == "COMPLETED" else "ROLLBACK_IN_PROGRESS"
    return "IN_PROGRESS" if deployment is service.primary else "STOPPED"


def shown(service: Service, deployment: Deployment) -> dict[str, Any]:
    now = status(service, deployment)
    ended = {} if now == "IN_PROGRESS" else {"finishedAt": clock.date(deployment.updated)}
    return {
        "serviceDeploymentArn": place(service, "service-deployment", deployment),
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": clock.date(deployment.created),
        "startedAt": clock.date(deployment.created),
        **ended,
        "targetServiceRevisionArn": place(service, "service-revision", deployment),
        "status": now,
    }


def list_service_deployments(self: Any) -> ActionResult:
    wish, backend = wish_of(self), self.ecs_backend
    unknown = [s for s in wish.get("status") or [] if s not in STATUSES]
    if unknown:
        raise invalid(f"Invalid status: {unknown[0]}.")
    with LOCK:
        settle(backend)
        service = get_service(backend, wish.get("cluster") or "default", wish.get("service", ""))
        since = clock.now() - DAYS * 86_400
        own = [d for d in reversed(service.history) if not d.is_rollback and d.created >= since]
        all_of = [shown(service, d) for d in own]
    wanted = [d for d in all_of if not wish.get("status") or d["status"] in wish["status"]]
    start, size = int(wish.get("nextToken") or 0), int(wish.get("maxResults") or 100)
    more = {"nextToken": str(start + size)} if len(wanted) > start + size else {}
    return ActionResult({"serviceDeployments": wanted[start : start + size], **more})


def describe_service_revisions(self: Any) -> ActionResult:
    arns = wish_of(self).get("serviceRevisionArns") or []
    if not arns:
        raise invalid("Service revision ARNs cannot be empty.")
    if len(arns) > AT_ONCE:
        raise invalid("Service revision ARNs cannot be more than 20.")
    known = {
        place(service, "service-revision", deployment): (service, deployment)
        for service in services(self.ecs_backend)
        for deployment in service.history
    }
    found = [
        {
            "serviceRevisionArn": arn,
            "serviceArn": known[arn][0].arn,
            "clusterArn": known[arn][0].cluster_arn,
            "createdAt": clock.date(known[arn][1].created),
            **{name: known[arn][1].config[name] for name in OWN if known[arn][1].config.get(name)},
        }
        for arn in arns
        if arn in known
    ]
    failures = [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]
    return ActionResult({"serviceRevisions": found, "failures": failures})


for action in (list_service_deployments, describe_service_revisions):
    setattr(Response, action.__name__, action)
