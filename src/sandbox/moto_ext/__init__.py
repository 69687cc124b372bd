"""The sandbox of infra: moto with the waiting, the refusals and the operations of AWS that moto leaves out."""

VERSION = "1"
MOTO = "5.2."  # the patches reach into moto's inside, so they fit one minor version only
