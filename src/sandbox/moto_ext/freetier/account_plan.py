"""Accounts on AWS's free plan: what they are told of it, and what it does not allow. Words as recorded from AWS in 2026."""

import json
import re
import sys
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.rds.exceptions import RDSClientError

from moto_ext import AFTER_RESET, wire

DATABASES = ("db.t3.micro", "db.t4g.micro")
INSTANCES = ("t3.micro", "t3.small", "t4g.micro", "t4g.small", "c7i-flex.large", "m7i-flex.large")
PLANS = ("FREE", "PAID")

_free: set[str] = set()  # account IDs
AFTER_RESET.append(_free.clear)


def switch(wish: Any) -> str | None:
    """{"account": "123456789012", "plan": "FREE"}. What is wrong with the wish, or None."""
    account, plan = (str(wish.get(key, "")) for key in ("account", "plan"))
    if not re.fullmatch(r"\d{12}", account) or plan not in PLANS:
        return "The body must be an account and a plan, FREE or PAID."
    (_free.add if plan == "FREE" else _free.discard)(account)
    return None


def account_of(environ: dict[str, Any]) -> str:
    key = re.search(r"Credential=([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    iam = sys.modules.get("moto.iam.models")
    if not iam or not key:
        return "123456789012"
    for account, partitions in list(iam.iam_backends.items()):
        if any(key.group(1) in backend.access_keys for backend in list(partitions.values())):
            return str(account)
    return "123456789012"


def state(environ: dict[str, Any]) -> tuple[str, bytes]:
    """Service freetier, the one operation that infra uses: status and body."""
    if wire.action_of(environ, b"") != "GetAccountPlanState":
        return "400 Bad Request", json.dumps({"__type": "UnknownOperationException"}).encode()
    account = account_of(environ)
    kind = "FREE" if account in _free else "PAID"
    return "200 OK", json.dumps({"accountId": account, "accountPlanType": kind, "accountPlanStatus": "ACTIVE"}).encode()


def database(account: str, wish: Any) -> None:
    if account not in _free:
        return
    if wish.get("DBInstanceClass") and wish["DBInstanceClass"] not in DATABASES:
        raise RDSClientError("FreeTierRestrictionError", "This instance size isn't available with free plan accounts.")
    if (wish.get("BackupRetentionPeriod") or 0) > 1:
        message = "The specified backup retention period exceeds the maximum available to free tier customers."
        raise RDSClientError("FreeTierRestrictionError", f"{message} To remove all limitations, upgrade your account plan.")


def instance(account: str, kind: str | None) -> None:
    if account in _free and kind not in INSTANCES:
        raise EC2ClientError(
            "InvalidParameterCombination",
            "The specified instance type is not eligible for Free Tier. For a list of Free Tier instance types, "
            "run 'describe-instance-types' with the filter 'free-tier-eligible=true'.",
        )
