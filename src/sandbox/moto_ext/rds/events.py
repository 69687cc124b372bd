"""Events of databases, and major upgrades that RDS refuses by its own checks beforehand."""

import datetime
import re
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import RDSClientError
from moto.rds.responses import RDSResponse

from moto_ext import AFTER_RESET, clock

# Words of RDS-EVENT-0158: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
REFUSED = "Database instance is in a state that cannot be upgraded: PreUpgrade checks failed: "
LONGEST = 14 * 24 * 60  # minutes for which AWS keeps events

_refusals: dict[tuple[str, str], str] = {}  # account and identifier -> why
AFTER_RESET.append(_refusals.clear)


def switch(wish: Any) -> str | None:
    """{"account": "123456789012", "database": "shop", "why": "..."}; without a reason upgrades work again. What is wrong, or None."""
    account, database, why = (str(wish.get(key) or "") for key in ("account", "database", "why"))
    if not re.fullmatch(r"\d{12}", account) or not database:
        return "The body must be an account, a database and why its upgrades are refused."
    _refusals.pop((account, database), None)
    if why:
        _refusals[(account, database)] = why
    return None


@dataclass
class Event:
    source_identifier: str
    source_arn: str
    message: str
    date: datetime.datetime
    event_categories: list[str]
    source_type: str = "db-instance"


def refused(backend: Any, db: Any, moment: float) -> bool:
    """Whether the checks before a major upgrade of it find something; then there is an event that says what."""
    why = _refusals.get((backend.account_id, db.db_instance_identifier))
    if why is None:
        return False
    add(backend, db, REFUSED + why, moment)
    return True


def add(backend: Any, db: Any, message: str, moment: float, category: str = "notification") -> None:
    backend.events.append(Event(db.db_instance_identifier, db.db_instance_arn, message, clock.date(moment), [category]))


def describe_events(self: Any) -> ActionResult:
    wish = self.params
    minutes = int(wish.get("Duration") or 60)
    if minutes > LONGEST:
        raise RDSClientError("InvalidParameterValue", f"Duration must be at most {LONGEST} minutes.")
    found = self.backend.describe_events(wish.get("SourceIdentifier"), wish.get("SourceType"))
    since = clock.date() - datetime.timedelta(minutes=minutes)
    return ActionResult({"Events": [e for e in found if aware(e.date) >= since]})


def aware(date: datetime.datetime) -> datetime.datetime:
    return date if date.tzinfo else date.replace(tzinfo=datetime.timezone.utc)


RDSResponse.describe_events = describe_events
