"""`fewclick latency`: CloudWatch's percentiles by instance type, with their prices."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.unit.scripts.cloud_bench import CloudBench, fewclick

MICROSECONDS = {"g4dn": np.linspace(100_000, 200_000, 101), "p3": np.linspace(50_000, 90_000, 41)}


@pytest.fixture(scope="module")
def endpoints(started_cloud: CloudBench) -> None:
    sagemaker = started_cloud.local.client("sagemaker")
    sagemaker.create_model(
        ModelName="m", ExecutionRoleArn="arn:aws:iam::123456789012:role/sagemaker",
        PrimaryContainer={"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/clicks:1"},
    )  # fmt: skip
    for name, instance in (("g4dn", "ml.g4dn.xlarge"), ("p3", "ml.p3.2xlarge")):
        sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": "all",
                    "ModelName": "m",
                    "InstanceType": instance,
                    "InitialInstanceCount": 1,
                    "InitialVariantWeight": 1,
                }
            ],
        )
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)


@pytest.fixture
def watched(endpoints: None, cloud: CloudBench) -> CloudBench:
    """CloudWatch, which in moto has no percentiles: it computes them of the values above."""
    cloud.answers["GetMetricData"] = _metric_data
    return cloud


def _metric_data(asked: dict[str, Any]) -> dict[str, Any]:
    """Documented: values of all queries, each at the start of its period."""
    results = []
    for query in asked["MetricDataQueries"]:
        stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
        dimensions = {item["Name"]: item["Value"] for item in metric["Dimensions"]}
        assert metric["Namespace"] == "AWS/SageMaker"
        assert dimensions["VariantName"] == "all"
        values = MICROSECONDS.get(dimensions["EndpointName"], np.array([]))
        if metric["MetricName"] == "OverheadLatency":
            values = values / 10
        known = {
            "Sum": lambda of: float(len(of)),
            "Average": lambda of: float(of.mean()),
            **{f"p{n}": lambda of, n=n: float(np.percentile(of, n)) for n in (50, 90, 99)},
        }
        span = asked["EndTime"] - asked["StartTime"]
        moments = [
            asked["StartTime"] + timedelta(seconds=second)
            for second in range(0, int(span.total_seconds()), stat["Period"])
        ] * bool(len(values))  # fmt: skip
        results.append(
            {
                "Id": query["Id"],
                "Timestamps": moments,
                "Values": [known[stat["Stat"]](values) for _ in moments],
                "StatusCode": "Complete",
            }
        )
    return {"MetricDataResults": results}


def test_the_table_compares_instance_types(watched: CloudBench, tmp_path: Path) -> None:
    plot = tmp_path / "latency.png"
    result = fewclick("latency", "g4dn", "p3", "--hours", 2, "--plot", plot, "--json")
    assert result.exit_code == 0, result.output
    small, large = json.loads(result.stdout)
    assert (small["instance_type"], small["clicks"]) == ("ml.g4dn.xlarge", 101)
    assert [small[f"{name}_ms"] for name in ("p50", "p90", "p99")] == pytest.approx([150, 190, 199])
    assert small["overhead_p50_ms"] == pytest.approx(15)
    assert float(small["usd_per_1000_clicks_as_used"]) == pytest.approx(0.7364 * 2 * 1000 / 101)
    assert float(small["usd_per_1000_clicks_at_full_use"]) == pytest.approx(
        0.7364 * 150 / 3600, abs=1e-6
    )
    assert large["usd_per_hour"] == "3.825"
    with Image.open(plot) as image:
        assert image.size[0] > 500
    shown = fewclick("latency", "g4dn", "--hours", 2).stdout
    assert "ml.g4dn.xlarge" in shown
    assert "190" in shown


def test_an_instance_that_the_prices_do_not_know_has_no_cost(
    watched: CloudBench, tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[instance_hour]\n"ml.g4dn.xlarge" = 1\n', encoding="utf-8")
    (told,) = json.loads(fewclick("latency", "g4dn", "--prices", own, "--json").stdout)
    assert told["usd_per_hour"] == "1"


def test_an_endpoint_that_nobody_used_says_so(
    watched: CloudBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MICROSECONDS, "g4dn", np.array([]))
    result = fewclick("latency", "g4dn")
    assert result.exit_code == 1
    assert "Nobody clicked" in result.stderr


def test_wrong_usage(watched: CloudBench) -> None:
    unknown = fewclick("latency", "nothing")
    assert unknown.exit_code == 2
    assert "no endpoint nothing in us-east-1" in unknown.stderr
    local = fewclick("latency", "--local", watched.local.root)
    assert local.exit_code == 2
    assert "bench-endpoint" in local.stderr
