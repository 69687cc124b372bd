"""How many seconds things take, and attributes that show a passing state for that long."""

import datetime
import time
from typing import Any

# The one list of names and defaults. Set by INFRA_SANDBOX_SECONDS=rds=8,nat=4 or =0 (all of them).
SECONDS: dict[str, float] = {
    "rds": 8,  # database: creating -> available
    "rds-delete": 4,  # database: deleting -> gone
    "nat": 4,  # NAT gateway: pending -> available
    "nat-delete": 2,  # NAT gateway: deleting -> deleted
    "modify": 1,  # database: modifying -> available
    "upgrade": 4,  # database: upgrading -> available
    "storage": 5,  # database: storage-optimization -> available
    "reboot": 2,  # database: rebooting -> available
    "rds-stop": 2,  # database: stopping -> stopped
    "rds-start": 4,  # database: starting -> available
    "backup": 2,  # database: a change can be restored to (five minutes on AWS)
    "snapshot": 3,  # snapshot of a database: creating -> available
    "ec2": 3,  # instance: pending -> running
    "ec2-delete": 2,  # instance: shutting-down -> terminated
    "agent": 4,  # instance: running -> known to Systems Manager
    "ecs": 2,  # task: PROVISIONING -> RUNNING, its target initial -> healthy, a retry after a failure, DEPROVISIONING -> STOPPED
    "task": 3,  # one-off task: RUNNING -> its container has exited
    "interfaces": 3,  # network interfaces of a load balancer, task or VPC endpoint that is gone -> freed (5 to 20 minutes on AWS)
    "elb": 4,  # load balancer: provisioning -> active
    "certificate": 20,  # certificate: PENDING_VALIDATION -> ISSUED, as if somebody had put its records into the DNS
    "email": 20,  # e-mail subscription: pending -> confirmed, as if the person had clicked
}
ALIASES = {"delete": ("rds-delete", "nat-delete", "ec2-delete")}


def configure(text: str) -> None:
    for part in (p.strip() for p in text.split(",") if p.strip()):
        name, _, value = part.rpartition("=")
        names = tuple(SECONDS) if not name else ALIASES.get(name, (name,))
        try:
            number = float(value)
        except ValueError:
            number = -1
        if number < 0 or any(n not in SECONDS for n in names):
            known = ", ".join([*SECONDS, *ALIASES])
            raise ValueError(f"INFRA_SANDBOX_SECONDS has '{part}'; it takes one number for all, or name=number of: {known}")
        for n in names:
            SECONDS[n] = number


def seconds(name: str) -> float:
    return SECONDS[name]


_ahead = 0.0
_EPOCH = time.time() - time.monotonic()


def now() -> float:
    return time.monotonic() + _ahead


def let_pass(length: float) -> None:
    """As if so many seconds had gone by, for all that takes time here."""
    global _ahead
    _ahead += length


def date(moment: float | None = None) -> datetime.datetime:
    """The date of a moment of `now()`; without one, of this moment. One that was let pass has gone by for dates, too."""
    return datetime.datetime.fromtimestamp(_EPOCH + (now() if moment is None else moment), datetime.timezone.utc)


def passing_attribute(cls: Any, attribute: str) -> None:
    """Lets `cls.attribute` show the words given by `show_all` until their time is over, and then what moto itself has set."""
    settled, phases = f"_infra_{attribute}", f"_infra_{attribute}_phases"

    def get(self: Any) -> Any:
        moment = now()
        return next((word for word, until in self.__dict__.get(phases, ()) if moment < until), self.__dict__.get(settled))

    def put(self: Any, value: Any) -> None:
        self.__dict__[settled] = value

    setattr(cls, attribute, property(get, put))


def show(thing: Any, attribute: str, word: str, name: str) -> None:
    show_all(thing, attribute, [(word, seconds(name))])


def show_all(thing: Any, attribute: str, words: list[tuple[str, float]], since: float | None = None) -> None:
    """One word after another, each for so many seconds; none: what it shows is what it is."""
    until, phases = now() if since is None else since, []
    for word, length in words:
        until += length
        phases.append((word, until))
    thing.__dict__[f"_infra_{attribute}_phases"] = phases
