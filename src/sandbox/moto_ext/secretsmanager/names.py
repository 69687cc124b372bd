"""Secrets Manager: a name stays taken while its deletion is scheduled, and deleting twice is no error."""

from typing import Any

from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import SecretsManagerBackend

_create = SecretsManagerBackend.create_secret
_delete = SecretsManagerBackend.delete_secret


def create_secret(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    if name in self.secrets and self.secrets[name].is_deleted():
        raise InvalidRequestException("You can't create this secret because a secret with this name is already scheduled for deletion.")
    return _create(self, name, *args, **kwargs)


def delete_secret(self: Any, secret_id: str, recovery_window_in_days: Any = None, force_delete_without_recovery: bool = False) -> Any:
    if not force_delete_without_recovery and self._is_valid_identifier(secret_id):
        secret = self.secrets[secret_id]
        if secret.is_deleted():
            return secret.arn, secret.name, secret.deleted_date
    return _delete(self, secret_id, recovery_window_in_days, force_delete_without_recovery)


SecretsManagerBackend.create_secret = create_secret
SecretsManagerBackend.delete_secret = delete_secret
