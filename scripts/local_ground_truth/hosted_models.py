"""Endpoints that CreateEndpoint made: a container each, from its model's archive in S3.

moto keeps models, configurations and endpoints; here is what answers for them. A container starts
when the first request comes, as one does that scales from zero, and ends when its endpoint is gone.
"""

from __future__ import annotations

import io
import logging
import shutil
import tarfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from hooks.core.errors import FewclickError
from hooks.core.manifest import parse_s3_uri
from scripts.local_ground_truth.async_invocations import AsyncConfig, AsyncInvocations
from scripts.local_ground_truth.endpoint_host import EndpointHost
from scripts.local_ground_truth.model_server import ModelServer

logger = logging.getLogger(__name__)

SEGMENTATION_IMAGE = "fewclick/segmentation:local"
SERVERS = {SEGMENTATION_IMAGE: "model_endpoint.segmentation_server"}
"""Which of our servers an image is."""
SECONDS_BETWEEN_LOOKS = 2.0


class NoSuchEndpointError(FewclickError):
    """There is no endpoint of that name in service."""


class ContainerError(FewclickError):
    """A model's container cannot be started."""


class Container:
    """The model server of one endpoint, started when it is first needed."""

    def __init__(
        self, endpoint: str, model: Mapping[str, Any], s3: Any, machine: Mapping[str, str], at: Path
    ) -> None:
        self._endpoint = endpoint
        self._model = model
        self._s3 = s3
        self._machine = machine
        self._folder = at / "models" / endpoint
        self._log = at / "logs" / f"{endpoint}.log"
        self._starting = threading.Lock()
        self._server: ModelServer | None = None

    def url(self) -> str:
        """The server's address, once it is healthy.

        Raises:
            ContainerError, ModelServerError: it does not start.
        """
        with self._starting:
            if self._server is None:
                self._unpack()
                module = SERVERS[self._model["PrimaryContainer"]["Image"]]
                self._server = ModelServer(self._folder, self._machine, self._log, module)
            self._server.wait_until_healthy()
            return self._server.url

    def stop(self) -> None:
        with self._starting:
            if self._server is not None:
                self._server.stop()
                self._server = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _unpack(self) -> None:
        """The model's archive to where the container looks for it."""
        container = self._model["PrimaryContainer"]
        source = container.get("ModelDataSource", {}).get("S3DataSource", {})
        address = container.get("ModelDataUrl") or source.get("S3Uri", "")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        try:
            bucket, key = parse_s3_uri(address)
            archive = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            with tarfile.open(fileobj=io.BytesIO(archive)) as files:
                files.extractall(self._folder, filter="data")
        except (ClientError, FewclickError, tarfile.TarError) as error:
            raise ContainerError(f"The model {address!r} cannot be unpacked: {error}") from error


@dataclass(frozen=True, slots=True)
class Hosted:
    """What answers for one endpoint. `invocations` is None for a real-time one.

    Attributes:
        made: when the endpoint was; another of the same name was made at another time.
    """

    made: datetime
    container: Container
    host: EndpointHost | None
    invocations: AsyncInvocations | None

    def close(self) -> None:
        if self.invocations is not None:
            self.invocations.close()
        if self.host is not None:
            self.host.close()
        self.container.stop()


class HostedModels:
    """All endpoints of CreateEndpoint.

    Args:
        sagemaker, s3, sns: boto3 clients of this machine.
        machine: addresses of the stand-ins, credentials and region, for containers.
        at: folder for unpacked models and logs.
    """

    def __init__(
        self,
        sagemaker: Any,
        s3: Any,
        sns: Any,
        *,
        machine: Mapping[str, str],
        at: Path,
        account: str,
        region: str,
    ) -> None:
        self._sagemaker = sagemaker
        self._s3 = s3
        self._sns = sns
        self._machine = machine
        self._at = at
        self._account = account
        self._region = region
        self._hosted: dict[str, Hosted] = {}
        self._changing = threading.Lock()
        self._closing = threading.Event()
        self._reaper = threading.Thread(target=self._end_those_that_are_gone, daemon=True)
        self._reaper.start()

    def of(self, endpoint: str) -> Hosted:
        """What answers for an endpoint.

        Raises:
            NoSuchEndpointError: there is none, or nothing here can run its model.
        """
        with self._changing:
            described = self._describe(endpoint)
            if described is None:
                raise NoSuchEndpointError(
                    f"Endpoint {endpoint} of account {self._account} not found."
                )
            hosted = self._hosted.get(endpoint)
            if hosted is not None and hosted.made != described["CreationTime"]:
                self._hosted.pop(endpoint).close()
                hosted = None
            if hosted is None:
                hosted = self._hosted[endpoint] = self._host(endpoint, described)
            return hosted

    def close(self) -> None:
        self._closing.set()
        self._reaper.join()
        with self._changing:
            for hosted in self._hosted.values():
                hosted.close()
            self._hosted.clear()

    def _host(self, endpoint: str, described: Mapping[str, Any]) -> Hosted:
        config = self._sagemaker.describe_endpoint_config(
            EndpointConfigName=described["EndpointConfigName"]
        )
        name = config["ProductionVariants"][0]["ModelName"]
        model = self._sagemaker.describe_model(ModelName=name)
        image = model.get("PrimaryContainer", {}).get("Image")
        if image not in SERVERS:
            raise NoSuchEndpointError(
                f"Endpoint {endpoint} of account {self._account} is not in service: the image "
                f"{image} does not run on this machine; {', '.join(SERVERS)} does."
            )
        container = Container(endpoint, model, self._s3, self._machine, self._at)
        asynchronous = AsyncConfig.of(config)
        if asynchronous is None:
            host = EndpointHost(endpoint, container.url, account=self._account, region=self._region)
            return Hosted(described["CreationTime"], container, host, None)
        invocations = AsyncInvocations(
            endpoint, asynchronous, container.url, self._s3, self._sns, self._region
        )
        return Hosted(described["CreationTime"], container, None, invocations)

    def _describe(self, endpoint: str) -> dict[str, Any] | None:
        try:
            described: dict[str, Any] = self._sagemaker.describe_endpoint(EndpointName=endpoint)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException":
                raise
            return None
        return described

    def _end_those_that_are_gone(self) -> None:
        while not self._closing.wait(SECONDS_BETWEEN_LOOKS):
            with self._changing:
                try:
                    gone = [name for name in self._hosted if self._describe(name) is None]
                except BotoCoreError:
                    continue  # the rest of this machine is stopping, and this will be, too
                ended = [self._hosted.pop(name) for name in gone]
            for hosted in ended:
                hosted.close()
