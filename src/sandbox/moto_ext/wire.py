"""Error bodies in the protocol of the request, for what never reached moto's own serializers."""

import json
import re
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape


def service_of(environ: dict[str, Any]) -> str:
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    return scope.group(1) if scope else "s3"


def action_of(environ: dict[str, Any], body: bytes) -> str:
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return str(target).split(".")[-1]
    path = environ.get("PATH_INFO", "/")
    smithy = re.search(r"/operation/([^/?]+)", path)
    if smithy:
        return smithy.group(1)
    form = parse_qs(body.decode("utf-8", "replace")) or parse_qs(environ.get("QUERY_STRING", ""))
    return form["Action"][0] if "Action" in form else f"{environ.get('REQUEST_METHOD')} {path}"


def protocol_of(environ: dict[str, Any], service: str) -> str:
    content = environ.get("CONTENT_TYPE", "") if service != "s3" else ""  # that of an object says nothing of the protocol
    if "cbor" in content or environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        return "cbor"
    if "json" in content or environ.get("HTTP_X_AMZ_TARGET"):
        return "json"
    if service in ("ec2", "s3"):
        return service
    if "x-www-form-urlencoded" in content:
        return "query"
    try:
        from moto.core.utils import get_service_model

        protocol = str(get_service_model(service).metadata.get("protocol"))
    except Exception:
        protocol = "query"
    return "json" if "json" in protocol else "query"


def _cbor_text(text: str) -> bytes:
    raw = text.encode()
    return b"\x79" + len(raw).to_bytes(2, "big") + raw


def error_body(protocol: str, code: str, message: str) -> tuple[str, bytes]:
    if protocol == "cbor":
        pairs = _cbor_text("__type") + _cbor_text(code) + _cbor_text("message") + _cbor_text(message)
        return "application/cbor", b"\xa2" + pairs
    if protocol == "json":
        return "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message}).encode()
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if protocol == "ec2":
        xml = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>infra-sandbox</RequestID></Response>"
    elif protocol == "s3":
        xml = f"<Error>{error}<RequestId>infra-sandbox</RequestId></Error>"
    else:
        xml = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>infra-sandbox</RequestId></ErrorResponse>"
    return "text/xml", xml.encode()


def answer(start_response: Any, status: str, kind: str, body: bytes, *more: tuple[str, str]) -> list[bytes]:
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *more])
    return [body]
