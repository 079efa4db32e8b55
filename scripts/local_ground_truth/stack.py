"""What `sam deploy` would make of template.yaml, made on this machine.

AWS::Serverless::Function   a LambdaFunction, and a route for each of its HttpApi events
AWS::Serverless::HttpApi    the address of the click API
AWS::S3::Bucket             a bucket of the local S3, with the template's CORS rules
AWS::SecretsManager::Secret a secret, its generated value kept in a file from run to run
AWS::DynamoDB::Table        a table, empty in every run
AWS::SageMaker::Endpoint    the name of the local endpoint

What else there is has no part here; the state machine of active learning is executed by
`scripts.active_learning`, from the same definition.
"""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.local_ground_truth.durable_file import write_durably
from scripts.local_ground_truth.lambda_runtime import LambdaFunction
from scripts.local_ground_truth.template_values import STACK_NAME, Template, TemplateValueError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient

MAX_ENVIRONMENT_BYTES = 4096
API_ID = "local"
IMPLICIT_API = "ServerlessHttpApi"
TABLE_PROPERTIES = ("AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput")
RESERVED_VARIABLES = re.compile(
    r"_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_)?REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_\w+"
    r"|AWS_ACCESS_KEY(_ID)?|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|LAMBDA_(TASK_ROOT|RUNTIME_DIR)"
)


@dataclass(frozen=True, slots=True)
class CorsRules:
    """An HTTP API's CorsConfiguration; header and method names as the template spells them."""

    allow_origins: tuple[str, ...]
    allow_methods: tuple[str, ...]
    allow_headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    allow_credentials: bool
    max_age: int | None


@dataclass(frozen=True, slots=True)
class Route:
    """One way into a function: `method` is upper case or ANY, `path` may hold `{names}`."""

    method: str
    path: str
    function_arn: str


class Stack:
    """The template's resources by what they are here.

    Args:
        click_api_url: where the stand-in for API Gateway listens.
        endpoint_name: of the local model endpoint; "" if there is none.
    """

    def __init__(
        self,
        template: Template,
        *,
        account: str,
        region: str,
        click_api_url: str,
        endpoint_name: str,
    ) -> None:
        self._template = template
        self._region = region
        self._account = account
        self._click_api_url = click_api_url
        self.bucket_names = {
            logical_id: self._named(logical_id, properties, "BucketName").lower()
            for logical_id, properties in template.resources("AWS::S3::Bucket").items()
        }
        self.function_names = {
            logical_id: self._named(logical_id, properties, "FunctionName")
            for logical_id, properties in template.resources("AWS::Serverless::Function").items()
        }
        self.table_names = {
            logical_id: self._named(logical_id, properties, "TableName")
            for logical_id, properties in template.resources("AWS::DynamoDB::Table").items()
        }
        self._refer(endpoint_name)

    def function_arn(self, logical_id: str) -> str:
        return (
            f"arn:aws:lambda:{self._region}:{self._account}:function:"
            f"{self.function_names[logical_id]}"
        )

    def create_buckets(self, client: S3Client) -> None:
        """Make the buckets that are not there yet, and give all their CORS rules."""
        present = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
        for logical_id, properties in self._template.resources("AWS::S3::Bucket").items():
            name = self.bucket_names[logical_id]
            if name not in present:
                client.create_bucket(Bucket=name)
            rules = self._template.resolve(properties.get("CorsConfiguration", {}))
            if rules:
                client.put_bucket_cors(
                    Bucket=name, CORSConfiguration={"CORSRules": _s3_rules(rules["CorsRules"])}
                )

    def create_secrets(self, client: SecretsManagerClient, file: Path) -> None:
        """Make the secrets; a value generated in an earlier run is read from `file`."""
        values: dict[str, str] = json.loads(file.read_bytes()) if file.exists() else {}
        for logical_id, properties in self._template.resources(
            "AWS::SecretsManager::Secret"
        ).items():
            if logical_id not in values:
                values[logical_id] = _secret_value(self._template.resolve(properties))
            name = self._named(logical_id, properties, "Name")
            created = client.create_secret(Name=name, SecretString=values[logical_id])
            self._template.references[logical_id] = created["ARN"]
            self._template.attributes[(logical_id, "Id")] = created["ARN"]
        write_durably(
            file, json.dumps(values).encode(), incoming=file.parent / ".incoming", private=True
        )

    def create_tables(self, client: DynamoDBClient) -> None:
        """Make the tables. What they count starts anew with every run."""
        for logical_id, properties in self._template.resources("AWS::DynamoDB::Table").items():
            given = self._template.resolve(properties)
            wanted = {name: given[name] for name in TABLE_PROPERTIES if name in given}
            client.create_table(TableName=self.table_names[logical_id], **wanted)

    def function_arns(self) -> frozenset[str]:
        return frozenset(map(self.function_arn, self.function_names))

    def functions(self) -> list[LambdaFunction]:
        """Every function. Call it when buckets and secrets are there."""
        return [
            self._function(logical_id, properties)
            for logical_id, properties in self._template.resources(
                "AWS::Serverless::Function"
            ).items()
        ]

    def routes(self) -> list[Route]:
        """Every HttpApi event of every function."""
        routes = []
        for logical_id, properties in self._template.resources("AWS::Serverless::Function").items():
            for event in properties.get("Events", {}).values():
                if event["Type"] == "HttpApi":
                    where = self._template.resolve(event.get("Properties", {}))
                    routes.append(
                        Route(
                            method=where.get("Method", "ANY").upper(),
                            path=where.get("Path", "/{proxy+}"),
                            function_arn=self.function_arn(logical_id),
                        )
                    )
        return routes

    def cors(self) -> CorsRules | None:
        """The HTTP API's CORS rules; None if the template gives it none."""
        apis = self._template.resources("AWS::Serverless::HttpApi")
        own = next(iter(apis.values()), {}).get("CorsConfiguration")
        given = self._template.resolve(
            own or self._template.globals("HttpApi").get("CorsConfiguration")
        )
        if not given:
            return None
        if given is True:
            given = {"AllowOrigins": ["*"]}
        return CorsRules(
            allow_origins=tuple(given.get("AllowOrigins", ())),
            allow_methods=tuple(given.get("AllowMethods", ())),
            allow_headers=tuple(given.get("AllowHeaders", ())),
            expose_headers=tuple(given.get("ExposeHeaders", ())),
            allow_credentials=str(given.get("AllowCredentials", False)).lower() == "true",
            max_age=None if given.get("MaxAge") is None else int(given["MaxAge"]),
        )

    def _refer(self, endpoint_name: str) -> None:
        references, attributes = self._template.references, self._template.attributes
        for logical_id, name in self.bucket_names.items():
            references[logical_id] = name
            attributes[(logical_id, "Arn")] = f"arn:aws:s3:::{name}"
        for logical_id, name in self.function_names.items():
            references[logical_id] = name
            attributes[(logical_id, "Arn")] = self.function_arn(logical_id)
        for logical_id, name in self.table_names.items():
            references[logical_id] = name
            attributes[(logical_id, "Arn")] = (
                f"arn:aws:dynamodb:{self._region}:{self._account}:table/{name}"
            )
        for logical_id in (IMPLICIT_API, *self._template.resources("AWS::Serverless::HttpApi")):
            references[logical_id] = API_ID
            attributes[(logical_id, "ApiEndpoint")] = self._click_api_url
        for logical_id in self._template.resources("AWS::SageMaker::Endpoint"):
            arn = f"arn:aws:sagemaker:{self._region}:{self._account}:endpoint/{endpoint_name}"
            references[logical_id] = arn
            attributes[(logical_id, "EndpointName")] = endpoint_name

    def _function(self, logical_id: str, properties: Mapping[str, Any]) -> LambdaFunction:
        shared = self._template.globals("Function")
        merged = {**shared, **properties}
        variables = {
            **_variables(shared),
            **_variables(properties),
        }
        environment = {
            name: self._on_this_machine(str(self._template.resolve(value)))
            for name, value in variables.items()
        }
        self._check_environment(logical_id, environment)
        code = self._template.resolve(merged.get("CodeUri", "."))
        return LambdaFunction(
            name=self.function_names[logical_id],
            arn=self.function_arn(logical_id),
            handler=self._template.resolve(merged["Handler"]),
            task_root=(self._template.path.parent / code).resolve(),
            timeout_seconds=int(self._template.resolve(merged.get("Timeout", 3))),
            memory_mb=int(self._template.resolve(merged.get("MemorySize", 128))),
            environment=environment,
        )

    def _on_this_machine(self, value: str) -> str:
        """An address that API Gateway would answer at becomes the one that answers here."""
        host = rf"https://{API_ID}\.execute-api\.{self._region}\.amazonaws\.com"
        return re.sub(host, self._click_api_url, value)

    def _check_environment(self, logical_id: str, environment: Mapping[str, str]) -> None:
        reserved = sorted(name for name in environment if RESERVED_VARIABLES.fullmatch(name))
        if reserved:
            raise TemplateValueError(
                f"{logical_id}: Lambda reserves the variable {', '.join(reserved)}."
            )
        size = sum(len(name) + len(value) for name, value in environment.items())
        if size > MAX_ENVIRONMENT_BYTES:
            raise TemplateValueError(
                f"{logical_id}: its environment has {size} bytes; Lambda takes "
                f"{MAX_ENVIRONMENT_BYTES}."
            )

    def _named(self, logical_id: str, properties: Mapping[str, Any], name_property: str) -> str:
        given = properties.get(name_property)
        if given is not None:
            return str(self._template.resolve(given))
        # CloudFormation keeps the first 24 characters of the logical id.
        return f"{STACK_NAME}-{logical_id[:24]}-local"


def _variables(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    variables: Mapping[str, Any] = properties.get("Environment", {}).get("Variables", {})
    return variables


def _s3_rules(rules: list[dict[str, Any]]) -> list[Any]:
    """CloudFormation's spelling of CORS rules in that of the S3 API."""
    names = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds", "Id": "ID"}
    return [{names.get(name, name): value for name, value in rule.items()} for rule in rules]


def _secret_value(properties: Mapping[str, Any]) -> str:
    """What CloudFormation's SecretString or GenerateSecretString makes."""
    if "SecretString" in properties:
        return str(properties["SecretString"])
    wanted = properties.get("GenerateSecretString", {})
    characters = string.ascii_lowercase
    for excluded, more in (
        ("ExcludeUppercase", string.ascii_uppercase),
        ("ExcludeNumbers", string.digits),
        ("ExcludePunctuation", string.punctuation),
    ):
        if str(wanted.get(excluded, False)).lower() != "true":
            characters += more
    usable = [each for each in characters if each not in wanted.get("ExcludeCharacters", "")]
    password = "".join(secrets.choice(usable) for _ in range(int(wanted.get("PasswordLength", 32))))
    if "GenerateStringKey" not in wanted:
        return password
    document = json.loads(wanted.get("SecretStringTemplate", "{}"))
    return json.dumps({**document, wanted["GenerateStringKey"]: password})
