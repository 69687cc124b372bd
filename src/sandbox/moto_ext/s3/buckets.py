"""S3 refuses a request that expects another owner of the bucket than it has; moto reads past that."""

from typing import Any

from moto.s3.models import s3_backends


def owned_as_expected(environ: dict[str, Any]) -> bool:
    expected = environ["HTTP_X_AMZ_EXPECTED_BUCKET_OWNER"]
    name = environ.get("PATH_INFO", "/").split("/")[1]
    _, owner = s3_backends.bucket_accounts.get(name, ("", expected))
    return bool(owner == expected)
