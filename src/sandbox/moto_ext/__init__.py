"""The sandbox of infra: moto with the waiting, the refusals and the operations of AWS that moto leaves out."""

from collections.abc import Callable

VERSION = "1"
# What has to be forgotten besides moto's own models. A module that holds something adds itself when it is whole.
AFTER_RESET: list[Callable[[], None]] = []
MOTO = "5.2."  # the patches reach into moto's inside, so they fit one minor version only
