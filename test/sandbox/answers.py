"""Compares our quick writers with moto's own: prints what differs, nothing when all is the same."""

import datetime
import json
import random
import sys

sys.path.insert(0, sys.argv[1])

from moto.core import serialize  # noqa: E402
from moto.core.serialize import ResponseSerializer, XFormedAttributePicker  # noqa: E402
from moto.core.utils import get_service_model  # noqa: E402

slow_value, slow_unparse = ResponseSerializer.get_value, serialize.xmltodict.unparse

from moto_ext import answers  # noqa: E402

answers.install()
ResponseSerializer.get_value = lambda *asked: same(asked[2], answers.get_value(*asked), slow_value(*asked))
told: list[str] = []


def same(what: str, ours: object, motos: object) -> object:
    if ours != motos:
        told.append(f"{what}: {ours!r} instead of {motos!r}")
    return ours


class Plain:
    """Keeps a value under its snake_case name, or under one without the name of its class."""


class DBInstance(Plain):
    identifier, db_instance_class, allocated_storage, endpoint, engine = "shop", "db.t4g.micro", 20, {"Port": 5432}, None
    vpc_security_groups = [{"VpcSecurityGroupId": "sg-1", "status": "active"}]


class Aliased(Plain):
    class Meta:
        serialization_aliases = {"DBInstanceIdentifier": "other", "Engine": "kind"}

    other, kind, db_instance_identifier = "by its alias", "mysql", "not this one"


class Mapping(Plain):
    def __getitem__(self, key: str) -> str:
        return {"engine": "oracle", "DBInstanceIdentifier": "as an item"}[key]


class VPC(Plain):
    id, cidr_block, is_default, tags = "vpc-1", "10.0.0.0/16", "false", [{"key": "a", "value": "b & <c>"}]
    cidr_block_association_set = [{"association_id": "a-1", "cidr_block_state": {"state": "associated"}}]


def serialized(service: str, operation: str, result: object) -> None:
    model = get_service_model(service)
    protocol = {"ec2": "ec2", "rds": "query", "ecs": "json"}[service]
    kind = serialize.get_serializer_class(service, protocol)
    transformers = {"DBInstance.Engine": lambda value: f"<{value}>"}
    for picker in (XFormedAttributePicker(), XFormedAttributePicker(response_transformers=transformers), None):
        bodies = []
        for unparse in (answers.unparse, slow_unparse):
            serialize.xmltodict.unparse = unparse
            serializer = kind(model.operation_model(operation), value_picker=picker)
            bodies.append(serializer.serialize(result)["body"])
        same(operation, *bodies)


for _ in range(2):  # what was found the first time is remembered the second
    for one in (DBInstance(), Aliased(), Mapping(), {"Engine": "postgres", "db_instance_identifier": "x", "Tags": ()}):
        serialized("rds", "DescribeDBInstances", {"DBInstances": [one, one], "Marker": None})
    serialized("ec2", "DescribeVpcs", {"Vpcs": [VPC(), {"VpcId": "vpc-2", "Tags": [], "CidrBlock": "1"}]})
    serialized("ecs", "DescribeClusters", {"clusters": [{"clusterName": "x", "settings": []}], "failures": [Plain()]})

odd = ["", " ", "a", "<&>", '"', "'\"", "\n\t", "ü", "]]>", 0, 1.5, True, False, None, b"raw", [], {}, (), [[]], ["a", None], [{}, "b"]]
odd += [datetime.date(2026, 1, 2), {"#text": "t", "@a": "b"}, {"@xmlns": "u", "c": ""}, {"@a": None}, {"@xmlns": {"p": "u"}}]
chance = random.Random(1)


def body(depth: int) -> object:
    if depth == 0 or chance.random() < 0.4:
        return chance.choice(odd)
    names = chance.sample(["a", "b", "Cd", "e.f", "g-h", "x:y", "@i", "#text", "#comment", "no name", "<no>"], 3)
    return {name: body(depth - 1) if name[0] != "@" else chance.choice(["", '"', "v"]) for name in names}


def outcome(unparse: object, *asked: object, **more: bool) -> str:
    try:
        return str(unparse(*asked, **more))  # type: ignore[operator]
    except Exception as error:
        return f"{type(error).__name__}: {error}"


for _ in range(3000):
    document = {chance.choice(["Root", "R2", "no name"]): body(3)}
    for full in (True, False):
        more = {"full_document": full, "short_empty_elements": True}
        same(json.dumps(document, default=str), outcome(answers.unparse, document, **more), outcome(slow_unparse, document, **more))

print("\n".join(told[:10]))
