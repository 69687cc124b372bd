"""moto searches the folders of every AWS service at each request, and again for each model: half of its time. We look once."""

import os
from functools import lru_cache
from typing import Any

from moto.core import utils
from moto.core.loaders import Loader, moto_root


class Models(Loader):
    def list_available_services(self, type_name: str) -> list[str]:
        """Every folder that may hold a model: a missing model is an error of the next step, which opens the file."""
        return [name for path in self._potential_locations() for name in os.listdir(path)]


def install() -> None:
    utils.create_loader = lambda: Models(extra_search_paths=[moto_root])


def remembered(find: Any) -> Any:
    """The same answer for the same host, found once. Hosts come from the signature: a stranger's must not fill the memory."""
    return lru_cache(maxsize=256)(find)
