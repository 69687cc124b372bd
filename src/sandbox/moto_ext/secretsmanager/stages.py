"""Secrets Manager: the label AWSCURRENT tells which version counts, and a label is on one version only."""

from typing import Any

from moto.secretsmanager.exceptions import InvalidParameterException
from moto.secretsmanager.models import SecretsManagerBackend

_update = SecretsManagerBackend.update_secret_version_stage


def update_secret_version_stage(self: Any, secret_id: str, version_stage: str, remove_from_version_id: str, move_to_version_id: str) -> Any:
    if not self._is_valid_identifier(secret_id):
        return _update(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)
    secret = self.secrets[secret_id]
    holder = next((v for v in secret.versions if version_stage in secret.versions[v]["version_stages"]), None)
    if holder and move_to_version_id and holder not in (remove_from_version_id, move_to_version_id):
        raise InvalidParameterException(
            f"The parameter RemoveFromVersionId can't be empty. Staging label {version_stage} is currently attached to version {holder}, "
            "so you must explicitly reference that version in RemoveFromVersionId."
        )
    answer = _update(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)
    if version_stage == "AWSCURRENT" and move_to_version_id:
        secret.default_version_id = move_to_version_id  # moto goes on answering with the old one
    return answer


SecretsManagerBackend.update_secret_version_stage = update_secret_version_stage
