"""Why a task does not start, told from what is really in the account: its image, its secrets, its log group."""

import json
import re
from collections.abc import Iterator
from typing import Any

ECR = re.compile(r"^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)(?::([^@]+))?(?:@(.+))?$")
SECRET = re.compile(r"^arn:[^:]+:secretsmanager:([^:]+):(\d{12}):secret:([^:]+)(?::([^:]*):([^:]*):([^:]*))?$")
INIT = "ResourceInitializationError: "
PULL = INIT + "unable to pull secrets or registry auth: execution resource retrieval failed: "
ASM = PULL + "unable to retrieve secret from asm: "
RETRIED = "service call has been retried 1 time(s): "


def trouble(task: Any) -> tuple[str, str | None] | None:
    """(why the task stops, what its container says); None when it can start. In the order in which Fargate does it."""
    found = next(troubles(task), None)
    if found is None:
        return None
    return found, found if found.startswith("CannotPull") else None


def troubles(task: Any) -> Iterator[str]:
    for container in task._infra_containers:
        for secret in container.get("secrets") or []:
            yield from secret_trouble(task, secret["valueFrom"])
    for container in task._infra_containers:
        yield from log_trouble(task, container.get("logConfiguration") or {})
    for container in task._infra_containers:
        yield from image_trouble(task, container["image"])


def image_trouble(task: Any, image: str) -> Iterator[str]:
    """Only the registry of the account is there to look into."""
    from moto.ecr.models import ecr_backends

    match = ECR.match(image)
    if not match or match[1] != task._account_id:
        return
    _, region, name, tag, digest = match.groups()
    repository = ecr_backends[task._account_id][region].repositories.get(name)
    images = list(repository.images) if repository else []
    wanted = tag or "latest"
    if not any(digest == i.get_image_digest() if digest else wanted in i.image_tags for i in images):
        shown = image if tag or digest else f"{image}:latest"
        said = f"failed to resolve ref {shown}: {shown}: not found"
        yield f"CannotPullContainerError: pull image manifest has been retried 1 time(s): {said}"


def log_trouble(task: Any, config: dict[str, Any]) -> Iterator[str]:
    from moto.logs.models import logs_backends

    options = config.get("options") or {}
    name = options.get("awslogs-group")
    if config.get("logDriver") != "awslogs" or not name or options.get("awslogs-create-group") == "true":
        return
    region = options.get("awslogs-region") or task.region_name
    if name not in logs_backends[task._account_id][region].groups:
        said = "create stream has been retried 1 times: failed to create Cloudwatch log stream: "
        missing = "ResourceNotFoundException: The specified log group does not exist.: exit status 1"
        yield f"{INIT}failed to validate logger args: {said}{missing}"


def secret_trouble(task: Any, value_from: str) -> Iterator[str]:
    if ":secretsmanager:" not in value_from:
        yield from parameter_trouble(task, value_from)
        return
    match = SECRET.match(value_from)
    if not match:
        yield f"{ASM}unexpected ARN format with parameters when trying to retrieve ASM secret"
        return
    region, account, name, key, stage, version = match.groups()
    arn = f"arn:{value_from.split(':')[1]}:secretsmanager:{region}:{account}:secret:{name}"
    yield from value_trouble(account, region, arn, key, stage or "AWSCURRENT", version)


def value_trouble(account: str, region: str, arn: str, key: str | None, stage: str, version: str | None) -> Iterator[str]:
    from moto.secretsmanager.models import secretsmanager_backends

    failed = f"{ASM}{RETRIED}failed to fetch secret {arn} from secrets manager: "
    # The whole ARN, with the six characters at the end: a name alone is not what ECS asks for.
    secret = next((s for s in list(secretsmanager_backends[account][region].secrets.values()) if s.arn == arn), None)
    if secret is None:
        yield f"{failed}ResourceNotFoundException: Secrets Manager can't find the specified secret."
        return
    if secret.is_deleted():
        said = "You can't perform this operation on the secret because it was marked for deletion."
        yield f"{failed}InvalidRequestException: {said}"
        return
    versions = secret.versions or {}
    chosen = versions.get(version) if version else next((v for v in versions.values() if stage in v["version_stages"]), None)
    if chosen is None:
        said = "Secrets Manager can't find the specified secret value for"
        named = f"VersionId: {version}" if version else f"staging label: {stage}"
        yield f"{failed}ResourceNotFoundException: {said} {named}"
        return
    if key:
        yield from key_trouble(chosen.get("secret_string") or "", key)


def key_trouble(text: str, key: str) -> Iterator[str]:
    try:
        values = json.loads(text)
    except ValueError:
        first = text[:1] or "}"
        yield f"{ASM}{RETRIED}invalid character '{first}' looking for beginning of value"
        return
    if not isinstance(values, dict) or key not in values:
        yield f"{ASM}{RETRIED}retrieved secret from Secrets Manager did not contain json key {key}"


def parameter_trouble(task: Any, value_from: str) -> Iterator[str]:
    from moto.ssm.models import ssm_backends

    parts = value_from.split(":", 5)
    whole = len(parts) == 6 and parts[2] == "ssm"
    region = parts[3] if whole else task.region_name
    name = parts[5].removeprefix("parameter") if whole else value_from
    known = ssm_backends[task._account_id][region]._parameters
    if not any(known.get(n) for n in (name, name.removeprefix("/"))):
        yield f"{PULL}unable to retrieve secrets from ssm: {RETRIED}invalid ssm parameters: {name}"
