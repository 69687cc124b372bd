"""Who is answered: signed requests with this sandbox's own credentials, sent to its own loopback address, and not from a web page."""

import hmac
import io
import os
import re
import sys
from hashlib import sha256
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from moto_ext import AFTER_RESET

NAME = "INFRA_SANDBOX_CREDENTIALS"
SIGNATURE = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([\w-]+)/([\w-]+)/aws4_request,"
    r"\s*SignedHeaders=([\w;-]+),\s*Signature=([0-9a-f]{64})"
)
FRONT = re.compile(r"(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}")
UNHASHED_LIMIT = 32 << 20  # what a request may make us hold before we know who sent it
USE = "To see them: infra sandbox env"

_own: dict[str, str] = {}  # access key ID -> secret
_places: dict[str, dict[str, Any]] = {}  # access key ID -> where moto keeps the keys of that account
AFTER_RESET.append(_places.clear)


class Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def configure() -> None:
    """Takes the credentials ("ID:secret") out of the environment, so that no child process inherits them. ValueError without."""
    key, _, secret = os.environ.pop(NAME, "").partition(":")
    if not re.fullmatch(r"\w{8,128}", key) or len(secret) < 20:
        raise ValueError(f"{NAME} must be an access key ID and a secret of 20 characters or more, as ID:secret")
    _own[key] = secret


def check(environ: dict[str, Any]) -> None:
    """Raises Refused for a request that is not to be answered."""
    host = _address(environ)
    signed = SIGNATURE.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
    if not signed:
        raise Refused("MissingAuthenticationToken", f"The sandbox answers only requests signed with its own credentials. {USE}")
    key, day, region, service, names, signature = signed.groups()
    secret = _secret(key)
    if secret is None:
        raise Refused("InvalidClientTokenId", f"This access key is not one of the sandbox. It has credentials of its own. {USE}")
    signer = _Signer(Credentials(key, secret), service, region)
    wanted = signer.signature_of(_request(environ, names.split(";"), host), day)
    if not hmac.compare_digest(wanted, signature):
        raise Refused("SignatureDoesNotMatch", f"The request is not signed with the secret of this sandbox. {USE}")
    said = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    if re.fullmatch(r"[0-9a-f]{64}", said) and not hmac.compare_digest(sha256(body_of(environ)).hexdigest(), said):
        raise Refused("XAmzContentSHA256Mismatch", "The body is not the one that was signed.")


def _address(environ: dict[str, Any]) -> str:
    """The address that the client has used. A proxy on this machine tells it; the signature covers it."""
    if "HTTP_ORIGIN" in environ or environ["REQUEST_METHOD"] == "OPTIONS":
        raise Refused("AccessDenied", "The sandbox answers no web page.")
    port = environ["SERVER_PORT"]
    host = str(environ.get("HTTP_HOST", ""))
    front = str(environ.get("HTTP_X_FORWARDED_HOST", ""))
    if host not in (f"127.0.0.1:{port}", f"localhost:{port}") or (front and not FRONT.fullmatch(front)):
        proxy = "A proxy on this machine sets Host to that, and X-Forwarded-Host to the address that its client has used."
        raise Refused("AccessDenied", f"The sandbox answers only at 127.0.0.1:{port}. {proxy}")
    return front or host


def length_of(environ: dict[str, Any]) -> int:
    """-1: to the end of the chunks."""
    length = environ.get("CONTENT_LENGTH", "")
    if length and not length.isdigit():
        raise Refused("InvalidRequest", "Content-Length is not a number.")
    return int(length or (-1 if environ.get("wsgi.input_terminated") else 0))


def body_of(environ: dict[str, Any]) -> bytes:
    """The body, read once and put back."""
    body: bytes = environ["wsgi.input"].read(length_of(environ))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _secret(key: str) -> str | None:
    if key in _own:
        return _own[key]
    iam = sys.modules.get("moto.iam.models")  # without it nobody has been issued a key
    if iam and key not in _places:
        for account in list(iam.iam_backends.values()):
            for backend in list(account.values()):
                if key in backend.access_keys:
                    _places[key] = backend.access_keys
    issued = _places.get(key, {}).get(key)
    return str(issued.secret_access_key) if issued else None


class _Signer(SigV4Auth):
    def headers_to_sign(self, request: Any) -> Any:
        return request.headers  # those that the client has signed, and no others

    def payload(self, request: Any) -> str:
        return str(request.context["hash"])

    def _normalize_url_path(self, path: str) -> str:
        return path if self._service_name == "s3" else str(super()._normalize_url_path(path))

    def signature_of(self, request: Any, day: str) -> str:
        if not request.context["timestamp"].startswith(day):
            return ""
        return str(self.signature(self.string_to_sign(request, self.canonical_request(request)), request))


def _request(environ: dict[str, Any], names: list[str], host: str) -> Any:
    """The request as its client has signed it."""
    if "host" not in names or "x-amz-date" not in names:
        raise Refused("SignatureDoesNotMatch", "The signature must cover the headers host and x-amz-date.")
    headers = {name: _header(environ, name) for name in names}
    url = f"http://sandbox{environ['RAW_URI']}"
    request: Any = AWSRequest(environ["REQUEST_METHOD"], url, {**headers, "host": host})
    digest = environ.get("HTTP_X_AMZ_CONTENT_SHA256")
    if not digest:
        if not 0 <= length_of(environ) <= UNHASHED_LIMIT:
            raise Refused("RequestEntityTooLarge", "A body of this length needs the header x-amz-content-sha256.")
        digest = sha256(body_of(environ)).hexdigest()
    request.context.update(hash=digest, timestamp=headers["x-amz-date"])
    return request


def _header(environ: dict[str, Any], name: str) -> str:
    variable = name.upper().replace("-", "_")
    value = environ.get(variable if variable in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{variable}", "")
    return str(value).encode("latin-1", "replace").decode("utf-8", "replace")  # WSGI hands bytes over as if they were Latin-1
