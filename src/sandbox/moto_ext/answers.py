"""moto's answers as moto writes them, in a third of the time: it finds out anew for each value where an object keeps it."""

import re
import string
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from moto.core import serialize
from moto.core.serialize import MISSING, AttributePicker, AttributePickerContext, ResponseSerializer
from moto.moto_api._internal.moto_random import MotoRandom

NAME = re.compile(r"[A-Za-z_][\w.-]*(:[\w.-]+)?")
FOUND = "_infra_keys"

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'

_pick, _slow_value, _unparse = AttributePicker.__call__, ResponseSerializer.get_value, serialize.xmltodict.unparse


def keys(picker: AttributePicker, value: Any, key: str, shape: Any) -> tuple[str, ...]:
    """The names under which an object of this class may keep the value of a member, in the order in which moto tries them."""
    found = shape.__dict__.setdefault(FOUND, {})
    place = (type(picker), type(value), key, "parent" in shape.__dict__)
    if place not in found:
        found[place] = tuple(dict.fromkeys(picker.get_possible_keys(AttributePickerContext(obj=value, key=key, shape=shape))))
    return found[place]


def get_value(self: ResponseSerializer, value: Any, key: str, shape: Any) -> Any:
    picker = self._value_picker
    # Of what has aliases of its own or is no plain AttributePicker moto knows more.
    if type(picker).__call__ is not _pick or picker.alias_providers is not serialize.DEFAULT_ALIAS_PROVIDERS:
        return _slow_value(self, value, key, shape)
    find = dict.get if type(value) is dict else serialize.get_value
    found: Any = None
    for name in keys(picker, value, key, shape):
        one = find(value, name, MISSING)
        if one is not MISSING:
            found = one
            break
    if picker.response_transformers:
        path = f"{'.'.join(self.path)}.{key}"
        for end, transform in picker.response_transformers.items():
            if path.endswith(end):
                return transform(found)
    return found


class Unusual(Exception):
    """Something that only moto's own writer knows how to write."""


@lru_cache(maxsize=4096)
def checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise Unusual
    return name


def write(out: list[str], name: str, value: Any) -> None:
    for one in value if isinstance(value, (list, tuple)) else (value,):
        kind = type(one)
        if kind is dict:
            inside = {k: v for k, v in one.items() if k[0] != "@"}
            attributes = "".join(f" {checked(k[1:])}={text_of(v, quoteattr)}" for k, v in one.items() if k[0] == "@")
            content: list[str] = []
            for child, what in inside.items():
                write(content, checked(child), what)
            out.append(f"<{name}{attributes}>{''.join(content)}</{name}>" if content else f"<{name}{attributes}/>")
        else:
            text = "" if one is None else text_of(one, escape)
            out.append(f"<{name}>{text}</{name}>" if text else f"<{name}/>")


def text_of(value: Any, quoted: Any) -> str:
    if type(value) is str:
        return str(quoted(value))
    if type(value) in (int, float):
        return str(quoted(str(value)))
    raise Unusual


def unparse(body: Any, full_document: bool = True, pretty: bool = False, short_empty_elements: bool = False) -> str:
    ((name, root), *others) = body.items()
    if not pretty and short_empty_elements and type(root) is dict and not others:
        out = [HEAD] if full_document else []
        try:
            write(out, checked(name), root)
            return "".join(out)
        except Unusual:
            pass
    more = {"full_document": full_document, "short_empty_elements": short_empty_elements}
    return str(_unparse(body, pretty=pretty, **more))


def random_string(self: Any, length: int = 20, include_digits: bool = True, lower_case: bool = False) -> str:
    pool = string.ascii_letters + (string.digits if include_digits else "")
    made = "".join(self.choices(pool, k=length))
    return made.lower() if lower_case else made


def install() -> None:
    ResponseSerializer.get_value = get_value  # type: ignore[method-assign]
    serialize.xmltodict = SimpleNamespace(unparse=unparse)
    MotoRandom.get_random_string = random_string  # type: ignore[method-assign]
