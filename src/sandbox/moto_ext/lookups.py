"""What moto finds out anew at each request, at each error or for each account: folders of services, methods, regions. We look once."""

import inspect
import os
from functools import cache, lru_cache
from typing import Any

from moto.core import base_backend, errors, responses, utils
from moto.core.loaders import Loader, moto_root


class Models(Loader):
    def list_available_services(self, type_name: str) -> list[str]:
        """Every folder that may hold a model: a missing model is an error of the next step, which opens the file."""
        return [name for path in self._potential_locations() for name in os.listdir(path)]


class Methods:
    """Of a class; moto lists and sorts them all to see whether there is one of a name."""

    def __init__(self, of: Any) -> None:
        self.of = of

    def __contains__(self, name: object) -> bool:
        return inspect.isfunction(getattr(self.of, str(name), None))


@cache
def regions(service: str) -> tuple[str, ...]:
    session = base_backend.AccountSpecificBackend.get_session()
    partitions = session.get_available_partitions()
    return tuple(region for one in partitions for region in session.get_available_regions(service, partition_name=one))


def install() -> None:
    known_errors = errors.ErrorLookupFactory()
    utils.create_loader = lambda: Models(extra_search_paths=[moto_root])
    responses.method_names_from_class = Methods
    errors.ErrorLookupFactory = lambda: known_errors
    base_backend.AccountSpecificBackend._generate_regions = lambda _, service: regions(service)


def remembered(find: Any) -> Any:
    """The same answer for the same host, found once. Hosts come from the signature: a stranger's must not fill the memory."""
    return lru_cache(maxsize=256)(find)
