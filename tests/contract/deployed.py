"""What CloudFormation would make of template.yaml for given parameters, as data.

A resource's reference is its logical id, its attribute `<id>.<attribute>`, its ARN
`arn:of:<id>`. A reference to something that the parameters leave out is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from cfnlint.decode import decode

from scripts.local_ground_truth.template_values import Template
from tests.conftest import REPOSITORY

TEMPLATE = REPOSITORY / "template.yaml"
FUNCTION = "AWS::Serverless::Function"
IMAGE = {"ModelImage": "1.dkr.ecr.x/y:1", "ModelData": "s3://bucket/model.tar.gz"}
PARAMETERS: dict[str, dict[str, str]] = {
    "no endpoint": {},
    "guarded": IMAGE,
    "kept": IMAGE | {"IdleMinutes": "0"},
    "own endpoint": {"EndpointName": "mine"},
    "all options": IMAGE
    | {
        "BucketName": "sagemaker-mine",
        "KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1",
        "SubnetIds": "subnet-1,subnet-2",
        "SecurityGroupIds": "sg-1",
        "AlarmEmail": "me@example.org",
    },
}


class Attributes(dict[tuple[str, str], str]):
    """What `!GetAtt` gives."""

    def __init__(self, existing: set[str]) -> None:
        super().__init__()
        self._existing = existing

    def __missing__(self, key: tuple[str, str]) -> str:
        logical_id, attribute = key
        if logical_id not in self._existing:
            raise KeyError(key)
        return f"arn:of:{logical_id}" if attribute == "Arn" else f"{logical_id}.{attribute}"


class Deployed:
    """The resources that exist, their properties resolved."""

    def __init__(self, **parameters: str) -> None:
        document, _ = decode(str(TEMPLATE))
        types = {resource["Type"] for resource in document["Resources"].values()}
        self.template = Template(
            TEMPLATE, account="123456789012", region="eu-west-1", parameters=parameters
        )
        self.types: dict[str, str] = {}
        given: dict[str, Any] = {}
        for kind in types:
            for logical_id, properties in self.template.resources(kind).items():
                self.types[logical_id] = kind
                given[logical_id] = properties
        for logical_id, kind in self.types.items():
            self.template.references[logical_id] = logical_id
            if kind == FUNCTION:
                self.template.references[f"{logical_id}Role"] = f"{logical_id}Role"
        if "GuardedEndpoint" in self.types:
            # The id that the custom resource answers: hooks.endpoint_guard, ENDPOINT_NAME.
            self.template.references["GuardedEndpoint"] = "clicks-local"
        self.template.attributes = Attributes(set(self.types))
        self.properties = {
            logical_id: self.template.resolve(properties)
            for logical_id, properties in given.items()
        }
        for logical_id, kind in self.types.items():
            if kind == FUNCTION:
                shared = self.template.resolve(self.template.globals("Function"))
                self.properties[logical_id] = shared | self.properties[logical_id]
        self.outputs = {
            name: value for name in document["Outputs"] if (value := self.template.output(name))
        }

    def of_type(self, kind: str) -> dict[str, Any]:
        return {name: self.properties[name] for name, its in self.types.items() if its == kind}

    def statements(self, name: str) -> Iterator[dict[str, Any]]:
        """Every statement that a function or a role acts under."""
        for policy in self.properties[name].get("Policies", ()):
            yield from policy.get("PolicyDocument", policy)["Statement"]
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            for policy in self.of_type(kind).values():
                if {name, f"{name}Role"} & set(policy["Roles"]):
                    yield from policy["PolicyDocument"]["Statement"]

    def may(self, name: str, action: str, resource: str) -> bool:
        """IAM's answer, conditions taken as met: a Deny wins, and nothing is allowed by itself."""
        found = [
            statement["Effect"]
            for statement in self.statements(name)
            if any(
                fnmatchcase(action.lower(), each.lower()) for each in listed(statement, "Action")
            )
            and any(_matches(resource, each) for each in listed(statement, "Resource"))
        ]
        return "Allow" in found and "Deny" not in found


def listed(statement: dict[str, Any], name: str) -> list[str]:
    value = statement[name]
    return value if isinstance(value, list) else [value]


def _matches(resource: str, pattern: str) -> bool:
    """IAM's wildcards: `*` any characters, `?` one."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, resource) is not None


@cache
def deployed(name: str) -> Deployed:
    return Deployed(**PARAMETERS[name])
