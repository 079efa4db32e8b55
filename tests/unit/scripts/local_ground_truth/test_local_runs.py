"""Runs of their own: going on in the same folder, clicks through the API, and nothing left over."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import psutil
import pytest
from werkzeug.wrappers import Request, Response

from scripts.local_ground_truth.cloud import CloudInUseError
from scripts.local_ground_truth.http_server import LocalServer
from scripts.local_ground_truth.local import LocalGroundTruth
from scripts.local_ground_truth.served import FILE, NotServedError, find_served
from tests.unit.scripts.local_ground_truth.conftest import STACK, Bench, work


@Request.application
def model(request: Request) -> Response:
    return Response(request.get_data(), content_type="application/json")


def test_entering_again_goes_on_where_it_was_left(
    tmp_path: Path,
) -> None:
    with LocalGroundTruth(tmp_path, template=STACK, endpoint_name="") as local:
        bench = Bench(local)
        lines = [{"source": "a"}, {"source": "b"}]
        local.sagemaker.create_labeling_job(**bench.request("again", lines))
        portal_url = local.portal_url
        work(portal_url, "again", "ann", 1)
        browser = httpx.Client(base_url=portal_url, follow_redirects=True)
        browser.post("/sign-in", data={"name": "ann"})
        open_page = browser.get("/jobs/again/next?wait=20").url.path
    with LocalGroundTruth(tmp_path, template=STACK, endpoint_name="") as local:
        assert local.portal_url == portal_url
        browser.post(f"{open_page}/submit", json={"answerContent": {"late": 1}}).raise_for_status()
        description = local.wait_for_job("again")
        assert description["LabelCounters"]["HumanLabeled"] == 2
        browser.close()


def test_clicks_go_through_the_api_of_the_template(
    tmp_path: Path,
) -> None:
    server = LocalServer()
    server.start(model)
    with LocalGroundTruth(tmp_path, template=STACK, model_url=server.url) as local:
        answer = httpx.post(
            f"{local.click_api_url}/segment",
            json={},
            headers={"Origin": local.portal_url},
            timeout=20,
        )
        assert answer.headers["access-control-allow-origin"] == "*"
        body = answer.json()
        assert body["event"]["routeKey"] == "POST /segment"
        assert body["environment"]["AWS_ENDPOINT_URL"] == local.environment["AWS_ENDPOINT_URL"]
        runtime = local.client("sagemaker-runtime")
        invoked = runtime.invoke_endpoint(EndpointName="fewclick-clicks", Body=b'{"x": 1}')
        assert json.loads(invoked["Body"].read()) == {"x": 1}
    server.stop()


def test_no_process_of_ours_is_left_behind(tmp_path: Path) -> None:
    others = set(psutil.Process().children(recursive=True))  # a browser of other tests, say
    with LocalGroundTruth(tmp_path, template=STACK, endpoint_name="") as local:
        bench = Bench(local)
        bench.local.sagemaker.create_labeling_job(**bench.request("left", [{"source": "a"}]))
        work(local.portal_url, "left", "ann", 1)
        local.wait_for_job("left")
        children = set(psutil.Process().children(recursive=True)) - others
        assert any("lambda_bootstrap.py" in " ".join(child.cmdline()) for child in children)
    assert not [child for child in children if child.is_running()]


def test_a_process_runs_one_at_a_time(tmp_path: Path) -> None:
    with (
        LocalGroundTruth(tmp_path / "a", template=STACK, endpoint_name=""),
        pytest.raises(CloudInUseError),
    ):
        LocalGroundTruth(tmp_path / "b", template=STACK, endpoint_name="").__enter__()


def test_where_none_runs_the_command_to_start_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotServedError, match=f"fewclick serve --root {tmp_path}"):
        find_served(tmp_path)
    with LocalGroundTruth(tmp_path, template=STACK, endpoint_name=""):
        left_behind = (tmp_path / FILE).read_bytes()
    assert not (tmp_path / FILE).exists()
    (tmp_path / FILE).write_bytes(left_behind)
    with pytest.raises(NotServedError):
        find_served(tmp_path)
