"""Ground Truth on this machine, started and stopped as one.

    with LocalGroundTruth(Path("runs/turtles")) as local:
        local.s3.upload_file("cat.jpg", local.bucket, "photos/cat.jpg")
        local.sagemaker.create_labeling_job(**request)
        ...  # people work at local.portal_url
        local.wait_for_job("turtles")

Everything lies below the one folder: `s3/` with every object as a file, `state.sqlite` with jobs
and answers, `logs/`. Entering again with the same folder goes on with every job that is not
finished, after a kill too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from hooks.core.manifest import parse_s3_uri
from scripts.local_ground_truth.accounts import Accounts
from scripts.local_ground_truth.assignments import Assignments, worker_id
from scripts.local_ground_truth.aws_session import (
    CLIENT_CONFIG,
    PRESIGN_CONFIG,
    load_credentials,
    local_session,
    machine_environment,
)
from scripts.local_ground_truth.batches import Batches
from scripts.local_ground_truth.clock import Clock, system_clock
from scripts.local_ground_truth.cloud import ACCOUNT, Cloud
from scripts.local_ground_truth.control_plane import TARGETS, ControlPlane
from scripts.local_ground_truth.database import Database
from scripts.local_ground_truth.folder_lock import lock_folder
from scripts.local_ground_truth.hosted_models import HostedModels
from scripts.local_ground_truth.http_api import HttpApi
from scripts.local_ground_truth.http_server import LOOPBACK, is_loopback
from scripts.local_ground_truth.job_runner import JobRunner
from scripts.local_ground_truth.job_services import JobServices
from scripts.local_ground_truth.job_store import JobStore
from scripts.local_ground_truth.lambda_api import LambdaApi
from scripts.local_ground_truth.lambda_runtime import Answer, LambdaRuntime
from scripts.local_ground_truth.link_server import LinkServer
from scripts.local_ground_truth.liquid import GrantReadAccess
from scripts.local_ground_truth.local_endpoint import start_endpoint
from scripts.local_ground_truth.model_server import REPOSITORY
from scripts.local_ground_truth.processing_jobs import ProcessingJobs
from scripts.local_ground_truth.read_access import presigned_links
from scripts.local_ground_truth.s3_disk import S3Disk
from scripts.local_ground_truth.s3_objects import S3Objects
from scripts.local_ground_truth.served import FILE, Served
from scripts.local_ground_truth.servers import bind_servers
from scripts.local_ground_truth.stack import Stack
from scripts.local_ground_truth.template_values import Template
from scripts.local_ground_truth.worker_portal import WorkerPortal
from scripts.local_ground_truth.workforce_plane import LOCAL_TEAM, WorkforcePlane

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

REGION = "us-east-1"


class LocalGroundTruth:
    """A context manager; its attributes are there once it is entered. One per process at a time.

    Args:
        root: the folder for everything.
        model_dir: the model to serve; None for the one that the repository ships.
        endpoint_name: of the model endpoint; "" for none: workers have the manual tools only.
        model_url: of a model server that runs already; none is started then.
        template: the SAM template whose functions, API, bucket and secret are to be stood in for.
        clock: what the jobs' time limits and time stamps go by.
        host: where workers reach it: an address of this machine in the local network, or loopback.

    Attributes:
        bucket: the stack's bucket, with its CORS rules.
        s3, sagemaker: boto3 clients.
        portal_url: where workers sign in.
        click_api_url: where pages send clicks.
        links_url: where they read photos from, by presigned links.
        grant_read_access: makes such a link.
        accounts: who may sign in; has the requester's code of this run.
        environment: variables with which plain boto3 in another process talks to this one.
        processing: the Processing jobs.
    """

    bucket: str
    s3: S3Client
    sagemaker: SageMakerClient
    pre_annotation_arn: str
    consolidation_arn: str
    active_learning_arn: str
    accounts: Accounts
    portal_url: str
    click_api_url: str
    links_url: str
    grant_read_access: GrantReadAccess
    environment: Mapping[str, str]
    processing: ProcessingJobs

    def __init__(
        self,
        root: Path,
        *,
        model_dir: Path | None = None,
        endpoint_name: str = "fewclick-clicks",
        model_url: str | None = None,
        template: Path | None = None,
        clock: Clock = system_clock,
        host: str = LOOPBACK,
    ) -> None:
        self.root = root.resolve()
        self.role_arn = f"arn:aws:iam::{ACCOUNT}:role/fewclick-local-ground-truth"
        self.workteam_arn = (
            f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/{LOCAL_TEAM}"
        )
        self._model_dir = model_dir
        self._model_url = model_url
        self._endpoint_name = endpoint_name
        self._template_path = template or REPOSITORY / "template.yaml"
        self._clock = clock
        self._host = host
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        self.root.mkdir(parents=True, exist_ok=True)
        with ExitStack() as closing:
            self._open(closing)
            self._closing = closing.pop_all()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.close()

    def wait_for_job(
        self, name: str, on_progress: Callable[[dict[str, Any]], None] | None = None
    ) -> dict[str, Any]:
        """Wait until a job is over; its last DescribeLabelingJob.

        Args:
            on_progress: called with a DescribeLabelingJob after every change and every second.

        Raises:
            JobStuckError: the job cannot go on in this run.
        """

        def describe() -> dict[str, Any]:
            return dict(self.sagemaker.describe_labeling_job(LabelingJobName=name))

        return self._runner.wait(name, describe, on_progress or (lambda description: None))

    def client(self, service: str) -> Any:
        """A boto3 client of this machine, for services other than those there are already."""
        session: Any = self._session  # its types know service names as literals only
        options = self._client_options()
        if service == "sagemaker-runtime":
            options["endpoint_url"] = self._servers["endpoint"].url
        return session.client(service, **options)

    def invoke(self, arn: str, event: bytes) -> Answer:
        """Invoke one of the stack's functions."""
        return self._runtime.invoke(arn, event)

    def worker_id(self, name: str) -> str:
        """The worker id, as it stands in the job's output, of whoever signs in by `name`."""
        return worker_id(REGION, name)

    def served(self) -> Served:
        """What other processes need in order to use it."""
        return Served(
            bucket=self.bucket,
            role_arn=self.role_arn,
            workteam_arn=self.workteam_arn,
            pre_annotation_arn=self.pre_annotation_arn,
            consolidation_arn=self.consolidation_arn,
            portal_url=self.portal_url,
            click_api_url=self.click_api_url,
            environment=self.environment,
            active_learning_arn=self.active_learning_arn,
        )

    def path_of(self, address: str) -> Path:
        """The file in which the object at an `s3://` address lies."""
        return self._disk.path(*parse_s3_uri(address))

    def _open(self, closing: ExitStack) -> None:
        """Start everything; `closing` stops what was started, the last first."""
        lock_folder(self.root, closing)
        self._servers = bind_servers(self.root, self._host, closing)
        self.portal_url = self._servers["portal"].url
        self.click_api_url = self._servers["click-api"].url
        self.links_url = self._servers["links"].url
        self._credentials = load_credentials(self.root / "credentials.json")
        self.environment = machine_environment(
            self._credentials,
            REGION,
            cloud_url=self._servers["cloud"].url,
            endpoint_url=self._servers["endpoint"].url,
        )
        self._session = local_session(self._credentials, REGION)
        self.s3 = self._session.client("s3", **self._client_options())
        self.sagemaker = self._session.client("sagemaker", **self._client_options())
        models = HostedModels(
            self.sagemaker,
            self.s3,
            self._session.client("sns", **self._client_options()),
            machine=self.environment,
            at=self.root,
            account=ACCOUNT,
            region=REGION,
        )
        model = start_endpoint(
            self._endpoint_name,
            self._servers["endpoint"],
            models,
            closing,
            account=ACCOUNT,
            region=REGION,
            model_url=self._model_url,
            model_dir=self._model_dir,
            machine=self.environment,
            logs=self.root / "logs",
        )
        services = self._open_state(closing)
        template = Template(
            self._template_path,
            account=ACCOUNT,
            region=REGION,
            parameters={"EndpointName": self._endpoint_name},
        )
        stack = Stack(
            template,
            account=ACCOUNT,
            region=REGION,
            click_api_url=self.click_api_url,
            endpoint_name=self._endpoint_name,
        )
        self._start_cloud(services, stack, closing)
        self.bucket = template.output("LabelingBucketName")
        self.pre_annotation_arn = template.output("PreAnnotationFunctionArn")
        self.consolidation_arn = template.output("ConsolidationFunctionArn")
        self.active_learning_arn = template.output("ActiveLearningFunctionArn")
        self._start_functions(stack, closing)
        client = self._session.client("s3", endpoint_url=self.links_url, config=PRESIGN_CONFIG)
        self.grant_read_access = presigned_links(client)
        self._start_portal(services, closing)
        if model is not None:
            model.wait_until_healthy()
        self._runner.start()
        closing.callback((self.root / FILE).unlink, missing_ok=True)
        self.served().write(self.root)

    def _open_state(self, closing: ExitStack) -> JobServices:
        self._database = Database(self.root / "state.sqlite")
        closing.callback(self._database.close)
        self.accounts = Accounts(self._database, in_network=not is_loopback(self._host))
        services = JobServices(
            jobs=JobStore(self._database),
            assignments=Assignments(self._database),
            batches=Batches(self._database),
            objects=S3Objects(self.s3),
            # The functions come to life after the S3 that they and the jobs need.
            invoke=self.invoke,
            clock=self._clock,
            account=ACCOUNT,
            region=REGION,
        )
        self._runner = JobRunner(services, self._database)
        return services

    def _start_cloud(self, services: JobServices, stack: Stack, closing: ExitStack) -> None:
        self._disk = S3Disk(self.root / "s3")
        workforce = WorkforcePlane(
            self.root / "workforce.json",
            account=ACCOUNT,
            region=REGION,
            portal=urlsplit(self.portal_url).netloc,
            now=services.now,
        )
        self.processing = ProcessingJobs(
            self.root / "processing",
            self.environment,
            account=ACCOUNT,
            region=REGION,
            now=services.now,
        )
        others = {**workforce.operations, **self.processing.operations}
        cloud = Cloud(
            self._disk,
            self._credentials,
            system_clock,  # links are signed by the machine's clock, too
            control_plane=ControlPlane(services, stack.function_arns(), self._runner.run, others),
            control_plane_targets=TARGETS | others.keys(),
            # The functions come to life after the cloud that they need.
            functions=LambdaApi(stack.function_arns(), self.invoke),
        )
        closing.callback(cloud.close)
        self._serve("cloud", cloud, closing)
        self._serve("links", LinkServer(cloud), closing)
        closing.callback(self.processing.close)
        stack.create_buckets(self.s3)
        secrets = self._session.client("secretsmanager", **self._client_options())
        stack.create_secrets(secrets, self.root / "secrets.json")
        stack.create_tables(self._session.client("dynamodb", **self._client_options()))

    def _start_functions(self, stack: Stack, closing: ExitStack) -> None:
        """Lambda, and what invokes it: the jobs and the click API."""
        self._runtime = LambdaRuntime(stack.functions(), self.environment, self.root / "logs")
        closing.callback(self._runner.join)
        closing.callback(self._runtime.close)
        closing.callback(self._runner.stop)
        click_api = HttpApi(stack.routes(), stack.cors(), self._runtime.invoke, account=ACCOUNT)
        closing.callback(click_api.close)
        self._serve("click-api", click_api, closing)

    def _start_portal(self, services: JobServices, closing: ExitStack) -> None:
        portal = WorkerPortal(
            services,
            self.accounts,
            self.grant_read_access,
            links_url=self.links_url,
            click_api_url=self.click_api_url,
        )
        self._serve("portal", portal, closing)

    def _serve(self, name: str, application: WSGIApplication, closing: ExitStack) -> None:
        closing.callback(self._servers[name].stop)
        self._servers[name].start(application)

    def _client_options(self) -> dict[str, Any]:
        return {"endpoint_url": self._servers["cloud"].url, "config": CLIENT_CONFIG}
