"""Certificates: issued after a while, as if somebody had put the records into the DNS; kept while a listener uses them."""

import sys
from typing import Any

from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.core.exceptions import AWSError

from moto_ext import clock


class InUse(AWSError):
    TYPE = "ResourceInUseException"


_init = CertBundle.__init__
_check = CertBundle.check
_delete = AWSCertificateManagerBackend.delete_certificate


def init(self: Any, *args: Any, **kwargs: Any) -> None:
    self._infra_issued_at = clock.now() + clock.seconds("certificate")
    _init(self, *args, **kwargs)


def check(self: Any) -> None:
    _check(self)
    if self.status == "PENDING_VALIDATION" and clock.now() >= self._infra_issued_at:
        self.status = "ISSUED"


def in_use_by(self: Any) -> list[str]:
    """The load balancers whose listeners have it."""
    elb = sys.modules.get("moto.elbv2.models")
    if elb is None:  # nobody has called it yet
        return []
    region, account = self.arn.split(":")[3:5]
    balancers = list(elb.elbv2_backends[account][region].load_balancers.values())
    return [b.arn for b in balancers if any(self.arn in held(ln) for ln in list(b.listeners.values()))]


def held(listener: Any) -> list[str]:
    return [listener.certificate, *(listener.certificates or [])]


def delete_certificate(self: Any, arn: str) -> None:
    known = self._certificates.get(arn)
    if known and known.in_use_by:
        raise InUse(f"Certificate {arn} in account {self.account_id} is in use.")
    _delete(self, arn)


CertBundle.__init__ = init
CertBundle.check = check
CertBundle.in_use_by = property(in_use_by, lambda *_: None)
AWSCertificateManagerBackend.delete_certificate = delete_certificate
AWSCertificateManagerBackend.set_certificate_in_use_by = lambda *_: None
