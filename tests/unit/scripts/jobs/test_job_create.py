"""`fewclick job create`: what it asks of AWS, what it refuses, and that it makes one job."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hooks.core.categories import LabelCategories
from hooks.core.job_settings import JobKind, JobSettings
from hooks.core.masks import write_label_map
from scripts.jobs.job_plan import REQUEST_TAG
from scripts.pages.render_template import PAGES
from tests.unit.scripts.cloud_bench import CloudBench, fewclick, png

KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
MAP = {
    "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
    "1": {"class-name": "cat", "hex-color": "#2ca02c"},
}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    (folder / "a.png").write_bytes(png())
    (folder / "more" / "b.jpg").write_bytes(png((6, 4), kind="JPEG"))
    (folder / "notes.txt").write_text("no photo", encoding="utf-8")
    return folder


def create(cloud: CloudBench, name: str, *arguments: object, code: int = 0) -> Any:
    """Create a job on the stack; what it says: JSON, or the sentence of a refusal."""
    result = fewclick("job", "create", name, *arguments, "--yes", "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout) if code == 0 else result.stderr


def described(cloud: CloudBench, name: str) -> dict[str, Any]:
    return dict(cloud.local.sagemaker.describe_labeling_job(LabelingJobName=name))


def test_a_folder_becomes_a_job_of_a_private_team(stack: CloudBench, photos: Path) -> None:
    told = create(stack, "Pets", "--photos", photos, "--labels", "cat,dog")
    assert told["status"] == "created"
    assert float(told["cost"]["total"]) == pytest.approx(0.16)
    job = described(stack, "Pets")
    assert job["LabelAttributeName"] == "Pets"
    task = job["HumanTaskConfig"]
    assert task["WorkteamArn"] == stack.local.workteam_arn
    assert "PublicWorkforceTaskPrice" not in task
    manifest = job["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"]
    lines = [json.loads(line) for line in stack.read(manifest).splitlines()]
    names = [line["source-ref"].removeprefix(f"s3://{stack.bucket}/") for line in lines]
    assert names == ["jobs/pets/photos/a.png", "jobs/pets/photos/more/b.jpg"]
    assert stack.read(lines[0]["source-ref"]) == (photos / "a.png").read_bytes()
    settings = JobSettings.from_json(stack.read(f"s3://{stack.bucket}/jobs/pets/settings.json"))
    assert list(settings.labels) == ["cat", "dog"]
    assert settings.token_lifetime_seconds == (
        task["TaskTimeLimitInSeconds"] + task["TaskAvailabilityLifetimeInSeconds"]
    )
    page = stack.read(task["UiConfig"]["UiTemplateS3Uri"]).decode()
    assert "<crowd-form" in page


def test_a_prefix_of_photos_stays_where_it_is(stack: CloudBench) -> None:
    address = stack.put("holiday/a.png", png())
    stack.put("holiday/readme.txt", "no photo")
    create(stack, "Prefix", "--photos", f"s3://{stack.bucket}/holiday/", "--labels", "cat")
    job = described(stack, "Prefix")
    manifest = job["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"]
    assert [json.loads(line) for line in stack.read(manifest).splitlines()] == [
        {"source-ref": address}
    ]


def test_the_public_workforce_needs_a_price_and_ones_word(stack: CloudBench, photos: Path) -> None:
    wanted = ("--photos", photos, "--labels", "cat", "--workforce", "public")
    assert "needs --price" in create(stack, "Crowd", *wanted, code=2)
    said = create(stack, "Crowd", *wanted, "--price", "0.05", code=2)
    assert "0.036, 0.048" in said
    said = create(stack, "Crowd", *wanted, "--price", "0.036", code=2)
    assert "no personal information" in said
    assert "end of Mechanical Turk" in said
    word = ("--price", "0.036", "--no-personal-information", "--no-adult-content")
    told = create(stack, "Crowd", *wanted, *word)
    assert float(told["cost"]["total"]) == pytest.approx(2 * 0.08 + 2 * 3 * 0.036)
    job = described(stack, "Crowd")
    assert job["InputConfig"]["DataAttributes"]["ContentClassifiers"] == [
        "FreeOfPersonallyIdentifiableInformation",
        "FreeOfAdultContent",
    ]
    task = job["HumanTaskConfig"]
    assert task["WorkteamArn"].endswith(":394669845002:workteam/public-crowd/default")
    assert task["PublicWorkforceTaskPrice"]["AmountInUsd"] == {
        "Dollars": 0,
        "Cents": 3,
        "TenthFractionsOfACent": 6,
    }
    assert task["TaskAvailabilityLifetimeInSeconds"] == 21_600


def test_the_price_of_public_workers_is_paid_by_no_others(stack: CloudBench, photos: Path) -> None:
    said = create(stack, "P", "--photos", photos, "--labels", "cat", "--price", "0.036", code=2)
    assert "--workforce public" in said


def test_the_same_command_again_makes_no_second_job(stack: CloudBench, photos: Path) -> None:
    wanted = ("--photos", photos, "--labels", "cat")
    first = create(stack, "Once", *wanted)
    stack.calls.clear()
    again = create(stack, "Once", *wanted)
    assert (again["status"], again["arn"]) == ("exists", first["arn"])
    assert {"CreateLabelingJob", "PutObject"}.isdisjoint(stack.operations())
    said = create(stack, "Once", *wanted, "--workers", "5", code=2)
    assert "differs in HumanTaskConfig.NumberOfHumanWorkersPerDataObject" in said


def test_a_command_that_was_cut_off_goes_on(
    stack: CloudBench, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = ("--photos", photos, "--labels", "cat")

    def cut_off(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("scripts.object_store.S3Objects.write", cut_off)
        assert fewclick("job", "create", "Cut", *wanted, "--yes").exit_code == 130
    (photos / "a.png").write_bytes(png(color="#ff0000"))  # changed meanwhile
    stack.calls.clear()
    assert create(stack, "Cut", *wanted)["status"] == "created"
    sent = [
        call["Key"] for _, operation, call in stack.calls
        if operation == "PutObject" and "photos" in call["Key"]
    ]  # fmt: skip
    assert sent == ["jobs/cut/photos/a.png"]


def test_an_answer_that_was_lost_is_found_again(
    stack: CloudBench, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job was made, and nobody heard of it: as if it came into being just before ours."""
    wanted = ("--photos", photos, "--labels", "cat")
    create(stack, "Lost", *wanted)
    from scripts.jobs import job_create
    from scripts.jobs.job_description import describe_job

    seen: list[str] = []

    def not_yet(name: str, account: Any) -> Any:
        seen.append(name)
        return None if len(seen) == 1 else describe_job(name, account)

    monkeypatch.setattr(job_create, "describe_job", not_yet)
    assert create(stack, "Lost", *wanted)["status"] == "exists"


def test_a_name_that_others_took_is_refused_before_anything_is_written(
    stack: CloudBench, photos: Path
) -> None:
    create(stack, "Mine", "--photos", photos, "--labels", "cat")
    request = {
        key: value
        for key, value in described(stack, "Mine").items()
        if key
        in ("LabelAttributeName", "InputConfig", "OutputConfig", "RoleArn", "HumanTaskConfig")
    }
    stack.local.sagemaker.create_labeling_job(LabelingJobName="Others", **request)
    stack.calls.clear()
    said = create(stack, "Others", "--photos", photos, "--labels", "cat", code=2)
    assert "not made by this command" in said
    assert "PutObject" not in stack.operations()


def test_a_dry_run_prints_the_request_and_sends_nothing(stack: CloudBench, photos: Path) -> None:
    wanted = ("--photos", photos, "--labels", "cat", "--at-once", "50", "--tag", "team=birds")
    result = fewclick("job", "create", "Dry", *wanted, "--dry-run")
    assert result.exit_code == 0, result.output
    request = json.loads(result.stdout)
    assert request["HumanTaskConfig"]["MaxConcurrentTaskCount"] == 50
    assert {"Key": "team", "Value": "birds"} in request["Tags"]
    assert {"CreateLabelingJob", "PutObject"}.isdisjoint(stack.operations())
    create(stack, "Dry", *wanted)
    (sent,) = [call for _, name, call in stack.calls if name == "CreateLabelingJob"]
    assert sent == request


def test_it_asks_before_it_costs(stack: CloudBench, photos: Path) -> None:
    wanted = ("job", "create", "Asked", "--photos", photos, "--labels", "cat")
    result = fewclick(*wanted, answer="n\n")
    assert result.exit_code == 1
    assert "Total: 0.16" in result.stderr
    assert {"CreateLabelingJob", "PutObject"}.isdisjoint(stack.operations())
    assert fewclick(*wanted, answer="y\n").exit_code == 0


REFUSED: dict[str, tuple[list[str], str]] = {
    "a reserved label": (["--labels", "cat,background"], "background's own name"),
    "no labels": ([], "--labels is missing"),
    "a name that AWS does not take": (["--labels", "cat", "--title", "x" * 200], "taskTitle"),
    "a keyword with a hyphen": (["--labels", "cat", "--keyword", "few-click"], "taskKeywords"),
    "a time that is none": (["--labels", "cat", "--time-limit", "soon"], "--time-limit"),
    "a time that is too long": (["--labels", "cat", "--time-limit", "9h"], "28800"),
    "a team that there is not": (["--labels", "cat", "--team", "nobody"], "no private team nobody"),
    "a team elsewhere": (
        ["--labels", "cat", "--team",
         "arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/us"],
        "is in eu-west-1, the job in us-east-1",
    ),
    "no vendor": (["--labels", "cat", "--workforce", "vendor"], "0 vendor teams"),
    "a role that there is not": (
        ["--labels", "cat", "--role", "arn:aws:iam::123456789012:role/nobody"], "there is no role"),
    "a label attribute of built-in jobs": (
        ["--labels", "cat", "--label-attribute-name", "x-ref"], "x-ref"),
    "verification of nothing": (["--labels", "cat", "--kind", "verification"], "--earlier-label"),
    "a stack that there is not": (["--labels", "cat", "--stack", "nothing"], "no stack nothing"),
    "a label file that is not there": (["--labels", "none.json"], "no label category file"),
    "a tag without a value": (["--labels", "cat", "--tag", "x"], "--tag"),
    "a topic elsewhere": (
        ["--labels", "cat", "--input-topic", "arn:aws:sns:eu-west-1:123456789012:lines"],
        "is in eu-west-1"),
    "a job of no record": (["--labels", "cat", "--worker-records", "none"], "--worker-records"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_work_is_refused_before_anything_is_made(
    stack: CloudBench, photos: Path, name: str
) -> None:
    arguments, sentence = REFUSED[name]
    said = create(stack, "Refused", "--photos", photos, *arguments, code=2)
    assert sentence in said
    assert len(said.splitlines()) == 1
    assert {"CreateLabelingJob", "PutObject"}.isdisjoint(stack.operations())


def test_photos_that_cannot_be_labeled_are_named_or_left_out(
    stack: CloudBench, photos: Path
) -> None:
    (photos / "broken.jpg").write_bytes(b"no photo")
    wanted = ("--photos", photos, "--labels", "cat")
    said = create(stack, "Broken", *wanted, code=2)
    assert "broken.jpg" in said
    assert "--leave-out-bad" in said
    told = create(stack, "Broken", *wanted, "--leave-out-bad")
    assert float(told["cost"]["total"]) == pytest.approx(0.16)


def test_a_line_that_is_too_long_is_refused(stack: CloudBench, tmp_path: Path) -> None:
    line = {"source-ref": stack.put("long/a.png", png())}
    line |= {f"n{number}": "x" * 19_000 for number in range(6)}
    path = tmp_path / "long.manifest"
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    said = create(stack, "Long", "--manifest", path, "--labels", "cat", code=2)
    assert "line 1" in said
    assert "100000" in said


def test_a_bucket_in_another_region_is_refused(stack: CloudBench, tmp_path: Path) -> None:
    stack.local.s3.create_bucket(
        Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    path = tmp_path / "far.manifest"
    line = {"source-ref": stack.put("a.png", png(), "elsewhere")}
    path.write_text(json.dumps(line), encoding="utf-8")
    said = create(stack, "Far", "--manifest", path, "--labels", "cat", code=2)
    assert "elsewhere is in eu-west-1, the job in us-east-1" in said


def test_a_role_without_a_permission_is_refused_by_name(stack: CloudBench, photos: Path) -> None:
    role = stack.role("Weak", {"s3:GetObject": "*", "s3:ListBucket": "*", "s3:PutObject": "*"})
    wanted = ("--photos", photos, "--labels", "cat", "--role", role)
    said = create(stack, "Weak", *wanted, code=2)
    assert "s3:GetBucketLocation" in said
    assert "lambda:InvokeFunction" in said
    assert "s3:GetObject" not in said
    # Where the caller may simulate, IAM's own word counts.
    stack.simulated = {"lambda:InvokeFunction"}
    said = create(stack, "Weak", *wanted, code=2)
    assert "lambda:InvokeFunction" in said
    assert "s3:GetBucketLocation" not in said


def test_photos_in_a_bucket_of_ones_own_must_be_open_to_the_hook(
    stack: CloudBench, tmp_path: Path
) -> None:
    s3 = stack.local.s3
    s3.create_bucket(Bucket="own-photos")
    rule: Any = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    s3.put_bucket_cors(Bucket="own-photos", CORSConfiguration={"CORSRules": [rule]})
    path = tmp_path / "own.manifest"
    line = {"source-ref": stack.put("a.png", png(), "own-photos")}
    path.write_text(json.dumps(line), encoding="utf-8")
    hook = stack.role("Hook", {"s3:PutObject": "*"}, service="lambda.amazonaws.com")
    stack.answers["GetFunctionConfiguration"] = lambda _: {"Role": hook}
    wanted = ("--manifest", path, "--labels", "cat")
    said = create(stack, "Own", *wanted, code=2)
    assert "s3:GetObject on arn:aws:s3:::own-photos/a.png" in said
    reader = stack.role("Reader", {"s3:GetObject": "*"}, service="lambda.amazonaws.com")
    stack.answers["GetFunctionConfiguration"] = lambda _: {"Role": reader}
    assert create(stack, "Own", *wanted)["status"] == "created"


def test_a_role_that_sagemaker_may_not_take_is_refused(stack: CloudBench, photos: Path) -> None:
    role = stack.role("Foreign", {"*": "*"}, service="ec2.amazonaws.com")
    said = create(stack, "F", "--photos", photos, "--labels", "cat", "--role", role, code=2)
    assert "sagemaker.amazonaws.com" in said


def test_expired_credentials_are_said_plainly(
    stack: CloudBench, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.refuse("DescribeLabelingJob", "ExpiredTokenException", "The security token has expired")
    said = create(stack, "Late", "--photos", photos, "--labels", "cat", code=2)
    assert "have expired" in said


def test_an_account_that_came_too_late_is_told_of_the_local_way(
    stack: CloudBench, photos: Path
) -> None:
    stack.refuse(
        "CreateLabelingJob",
        "ValidationException",
        "Amazon SageMaker Ground Truth is no longer available to new customers.",
    )
    said = create(stack, "Late", "--photos", photos, "--labels", "cat", code=2)
    assert "--local" in said
    assert "closed Ground Truth to new customers" in said


@pytest.mark.parametrize(
    "kind", [kind for kind in (JobKind.VERIFICATION, JobKind.ADJUSTMENT) if kind in PAGES]
)
def test_a_job_looks_at_the_labels_of_an_earlier_one(
    stack: CloudBench, photos: Path, kind: JobKind
) -> None:
    earlier = f"Before-{kind}"
    finished(stack, photos, earlier)
    told = create(stack, f"Check-{kind}", "--from-job", earlier, "--kind", kind)
    assert told["status"] == "created"
    address = f"s3://{stack.bucket}/jobs/check-{kind}/settings.json"
    settings = JobSettings.from_json(stack.read(address))
    assert (settings.kind, settings.earlier_label) == (kind, earlier)
    assert list(settings.labels) == ["cat"]


def test_a_job_is_chained_on_an_earlier_one(stack: CloudBench, photos: Path) -> None:
    finished(stack, photos, "Chain")
    said = create(stack, "Next", "--from-job", "Chain", "--label-attribute-name", "Chain", code=2)
    assert "nothing would be labeled" in said
    create(stack, "Next", "--from-job", "Chain", "--labels", "dog")
    source = described(stack, "Next")["InputConfig"]["DataSource"]["S3DataSource"]
    lines = [json.loads(line) for line in stack.read(source["ManifestS3Uri"]).splitlines()]
    assert all("Chain" in line for line in lines)


def test_what_failed_is_labeled_again_under_the_same_name(stack: CloudBench, photos: Path) -> None:
    finished(stack, photos, "Torn", failed=True)
    told = create(stack, "Torn-2", "--retry-from", "Torn")
    assert float(told["cost"]["total"]) == pytest.approx(0.08)  # one object of two
    job = described(stack, "Torn-2")
    assert job["LabelAttributeName"] == "Torn"
    manifest = job["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"]
    first, second = map(json.loads, stack.read(manifest).splitlines())
    assert "Torn" in first
    assert set(second) == {"source-ref"}
    settings = JobSettings.from_json(stack.read(f"s3://{stack.bucket}/jobs/torn-2/settings.json"))
    assert settings.earlier_jobs == (f"s3://{stack.bucket}/output/Torn/annotations",)


def test_nothing_is_retried_where_nothing_failed(stack: CloudBench, photos: Path) -> None:
    finished(stack, photos, "Whole")
    assert "nothing is left to retry" in create(stack, "Whole-2", "--retry-from", "Whole", code=2)
    assert "no labeling job Unheard" in create(stack, "X", "--retry-from", "Unheard", code=2)


def test_a_streaming_job_names_its_topics(stack: CloudBench) -> None:
    """The local Ground Truth takes no streaming jobs, so AWS's answer is stood in for."""
    topics = [
        stack.local.client("sns").create_topic(Name=name)["TopicArn"] for name in ("lines", "done")
    ]
    arn = "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/stream"
    stack.answers["CreateLabelingJob"] = lambda _: {"LabelingJobArn": arn}
    wanted = ("--input-topic", topics[0], "--output-topic", topics[1], "--labels", "cat")
    told = create(stack, "Stream", *wanted)
    assert told["arn"] == arn
    assert float(told["cost"]["total"]) == pytest.approx(0.08)  # for each object
    (request,) = [call for _, name, call in stack.calls if name == "CreateLabelingJob"]
    assert request["InputConfig"]["DataSource"] == {"SnsDataSource": {"SnsTopicArn": topics[0]}}
    assert request["OutputConfig"]["SnsTopicArn"] == topics[1]
    absent = topics[0].replace("lines", "none")
    said = create(stack, "S", "--input-topic", absent, "--labels", "cat", code=2)
    assert "there is no topic" in said


def test_settings_that_were_previewed_become_a_jobs(
    stack: CloudBench, photos: Path, tmp_path: Path
) -> None:
    previewed = JobSettings(
        "preview", JobKind.SEGMENTATION, "preview", LabelCategories.from_names(["cat", "dog"]),
        "Click.", "Click four points.", reasons=("blurred",), language="de",
    )  # fmt: skip
    path = tmp_path / "settings.json"
    path.write_text(previewed.to_json(), encoding="utf-8")
    wanted = ("--photos", photos, "--settings", path)
    create(stack, "Shown", *wanted, "--labels", "fox")
    settings = JobSettings.from_json(stack.read(f"s3://{stack.bucket}/jobs/shown/settings.json"))
    assert list(settings.labels) == ["fox"]
    assert settings.labeling_job_name == "Shown"
    assert (settings.full_instructions, settings.reasons) == ("Click four points.", ("blurred",))
    assert settings.language == "de"
    path.write_text("{}", encoding="utf-8")
    assert "--settings" in create(stack, "Shown-2", *wanted, code=2)


def test_a_vendors_team_is_found_by_its_title(stack: CloudBench, photos: Path) -> None:
    arn = "arn:aws:sagemaker:us-east-1:987654321098:workteam/vendor-crowd/abc"
    stack.answers["ListSubscribedWorkteams"] = lambda _: {
        "SubscribedWorkteams": [{"WorkteamArn": arn, "MarketplaceTitle": "Careful Labels"}]
    }
    wanted = ("--photos", photos, "--labels", "cat", "--workforce", "vendor")
    create(stack, "Vendor", *wanted, "--team", "Careful Labels")
    assert described(stack, "Vendor")["HumanTaskConfig"]["WorkteamArn"] == arn
    said = create(stack, "V", *wanted, "--team", "Others", code=2)
    assert "there are Careful Labels" in said


def test_the_same_request_goes_to_the_local_ground_truth(cloud: CloudBench, photos: Path) -> None:
    root = cloud.local.root
    told = create(cloud, "Here", "--photos", photos, "--labels", "cat", "--local", root)
    assert told["portal_url"] == cloud.local.portal_url
    assert told["cost"] is None
    assert REQUEST_TAG in {tag["Key"] for tag in described(cloud, "Here")["Tags"]}
    nowhere = photos.parent
    said = create(cloud, "H", "--photos", photos, "--labels", "cat", "--local", nowhere, code=2)
    assert "fewclick serve" in said


def test_an_endpoint_that_is_down_is_brought_up(stack: CloudBench, photos: Path) -> None:
    stack.local.client("cloudformation").create_stack(
        StackName="guarded",
        TemplateBody=stack.template(
            {"InstanceType": "ml.c6i.xlarge", "KmsKeyArn": KEY},
            EndpointName="clicks",
            EndpointGuardName="guard",
        ),
    )
    wanted = ("--photos", photos, "--labels", "cat", "--stack", "guarded")
    said = b'{"endpoint": "clicks", "status": "Updating"}'
    stack.answers["Invoke"] = lambda _: {"Payload": io.BytesIO(said)}
    told = create(stack, "Guarded", *wanted)
    assert told["status"] == "created"
    assert any("1 ml.c6i.xlarge" in note for note in told["cost"]["notes"])
    assert described(stack, "Guarded")["OutputConfig"]["KmsKeyId"] == KEY
    names = stack.operations()
    assert names.index("Invoke") < names.index("CreateLabelingJob")
    stack.answers["Invoke"] = lambda _: {
        "FunctionError": "Unhandled",
        "Payload": io.BytesIO(b'{"errorMessage": "no capacity"}'),
    }
    assert "no capacity" in create(stack, "Guarded-2", *wanted, code=2)


def test_answers_are_deleted_by_the_bucket_when_asked_for(stack: CloudBench, photos: Path) -> None:
    create(stack, "Brief", "--photos", photos, "--labels", "cat", "--delete-answers-after", "30")
    rules = stack.local.s3.get_bucket_lifecycle_configuration(Bucket=stack.bucket)["Rules"]
    prefixes = {rule["Filter"]["Prefix"]: rule["Expiration"]["Days"] for rule in rules}
    assert prefixes["output/Brief/annotations/worker-response/"] == 30
    assert len(prefixes) == 2


def finished(stack: CloudBench, photos: Path, name: str, *, failed: bool = False) -> dict[str, Any]:
    """A job whose output is there; its last photo failed if `failed`."""
    create(stack, name, "--photos", photos, "--labels", "cat")
    stack.local.sagemaker.stop_labeling_job(LabelingJobName=name)
    job = stack.local.wait_for_job(name)
    colors = {0: "#ffffff", 1: "#2ca02c"}
    masks = [
        stack.put(f"masks/{width}.png", write_label_map(np.ones(shape, np.uint8), colors))
        for width, shape in ((4, (2, 4)), (6, (4, 6)))
    ]
    lines = []
    for number, key in enumerate(("a.png", "more/b.jpg")):
        line: dict[str, Any] = {
            "source-ref": f"s3://{stack.bucket}/jobs/{name.lower()}/photos/{key}"
        }
        if failed and number:
            line |= {f"{name}-metadata": {"failure-reason": "nobody answered"}}
        else:
            line |= {
                name: {"mask-ref": masks[number], "internal-color-map": MAP},
                f"{name}-metadata": {"type": "groundtruth/custom"},
            }
        lines.append(line)
    address = job["LabelingJobOutput"]["OutputDatasetS3Uri"].removeprefix(f"s3://{stack.bucket}/")
    stack.put(address, "".join(json.dumps(line) + "\n" for line in lines))
    return job
