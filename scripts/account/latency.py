"""`fewclick latency`: how long workers wait for an endpoint, by instance type, and what it costs.

Figures are CloudWatch's of the endpoint itself: `ModelLatency`, from SageMaker's handing the call
to the container until its answer, and `OverheadLatency`, what SageMaker adds. The way between
worker and endpoint is not in them; the page measures that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer
from botocore.exceptions import ClientError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from scripts.account.aws_account import AwsAccount
from scripts.account.aws_errors import code_of
from scripts.jobs.job_environment import find_environment
from scripts.prices import Prices, load_prices
from scripts.refusal import RefusedError

NAMESPACE = "AWS/SageMaker"
STATISTICS = ("p50", "p90", "p99")
PLOT_PERIOD_SECONDS = 300
MICROSECONDS_PER_MS = 1000.0


@dataclass(frozen=True, slots=True)
class Variant:
    """One production variant of an endpoint."""

    endpoint: str
    name: str
    instance_type: str
    instances: int


@dataclass(frozen=True, slots=True)
class VariantLatency:
    """What CloudWatch says of a variant.

    Attributes:
        ms: `ModelLatency` by statistic; empty where nobody clicked.
        mean_ms: of the same.
        overhead_ms: median of `OverheadLatency`.
        hourly: dollars for one instance; None if the price table does not know it.
    """

    variant: Variant
    clicks: int
    ms: Mapping[str, float]
    mean_ms: float | None
    overhead_ms: float | None
    hourly: Decimal | None
    hours: float

    @property
    def cost_as_used(self) -> Decimal | None:
        """Dollars for a thousand clicks as many as there were, all instances running."""
        if self.hourly is None or not self.clicks:
            return None
        spent = self.hourly * self.variant.instances * Decimal(str(self.hours))
        return spent * 1000 / self.clicks

    @property
    def cost_at_full_use(self) -> Decimal | None:
        """Dollars for a thousand clicks one after the other without a pause."""
        if self.hourly is None or self.mean_ms is None:
            return None
        return self.hourly * Decimal(str(self.mean_ms)) / 3600

    def to_json(self) -> dict[str, Any]:
        def text(amount: Decimal | None) -> str | None:
            return None if amount is None else f"{amount:.6f}"

        return {
            "endpoint": self.variant.endpoint,
            "variant": self.variant.name,
            "instance_type": self.variant.instance_type,
            "instances": self.variant.instances,
            "clicks": self.clicks,
            **{f"{name}_ms": self.ms.get(name) for name in STATISTICS},
            "mean_ms": self.mean_ms,
            "overhead_p50_ms": self.overhead_ms,
            "usd_per_hour": None if self.hourly is None else str(self.hourly),
            "usd_per_1000_clicks_as_used": text(self.cost_as_used),
            "usd_per_1000_clicks_at_full_use": text(self.cost_at_full_use),
        }


@dataclass(frozen=True, slots=True)
class LatencyOptions:
    """What the command line asked for; see `fewclick latency --help`."""

    endpoints: Sequence[str]
    hours: int = 24
    plot: Path | None = None
    stack: str = "fewclick"
    prices: Path | None = None
    as_json: bool = False


def run_latency(options: LatencyOptions, account: AwsAccount) -> int:
    """Print the table and draw the plot; 1 if nobody clicked."""
    if account.served is not None:
        raise RefusedError(
            "the local endpoint writes no CloudWatch metrics: measure it with "
            "`fewclick bench-endpoint`."
        )
    prices = load_prices(options.prices)
    endpoints = options.endpoints or [_endpoint_of_stack(options.stack, account)]
    variants = [variant for name in endpoints for variant in find_variants(name, account)]
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    cloudwatch = account.client("cloudwatch")
    found = [read_latency(variant, end, options.hours, prices, cloudwatch) for variant in variants]
    if options.as_json:
        typer.echo(json.dumps([item.to_json() for item in found], indent=1))
    else:
        Console().print(latency_table(found, prices))
    console = Console(stderr=True)
    if options.plot is not None:
        series = [read_series(variant, end, options.hours, cloudwatch) for variant in variants]
        plot_latency(found, series, options.plot)
        console.print(f"Plot  {options.plot}", soft_wrap=True)
    if not any(item.clicks for item in found):
        console.print(
            f"Nobody clicked in the last {options.hours} hours: look further back with --hours, "
            "or open a task."
        )
        return 1
    return 0


def _endpoint_of_stack(stack: str, account: AwsAccount) -> str:
    endpoint = find_environment(account, stack, role_arn="").endpoint
    if not endpoint:
        raise RefusedError(f"the stack {stack} has no endpoint: name one.")
    return endpoint


def find_variants(endpoint: str, account: AwsAccount) -> list[Variant]:
    """The variants of an endpoint. Raises RefusedError if there is no such endpoint."""
    client = account.client("sagemaker")
    try:
        described = client.describe_endpoint(EndpointName=endpoint)
    except ClientError as error:
        if code_of(error) not in ("ValidationException", "ResourceNotFound"):
            raise
        raise RefusedError(f"there is no endpoint {endpoint} in {account.region}.") from error
    config = client.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    running = {
        item["VariantName"]: item.get("CurrentInstanceCount")
        for item in described.get("ProductionVariants", [])
    }
    return [
        Variant(
            endpoint,
            item["VariantName"],
            item.get("InstanceType", "serverless"),
            int(running.get(item["VariantName"]) or item.get("InitialInstanceCount", 1)),
        )
        for item in config["ProductionVariants"]
    ]


def read_latency(
    variant: Variant, end: datetime, hours: int, prices: Prices, cloudwatch: Any
) -> VariantLatency:
    """The figures of the last `hours` before `end`, each over all of them at once."""
    asked = [
        *((name, "ModelLatency", name) for name in STATISTICS),
        ("mean", "ModelLatency", "Average"),
        ("overhead", "OverheadLatency", "p50"),
        ("clicks", "Invocations", "Sum"),
    ]
    values = _ask(variant, asked, end, hours, hours * 3600, cloudwatch)
    clicks = values["clicks"]
    # CloudWatch may cut the hours at a boundary of its own: the part with most clicks counts.
    best = max(clicks, key=lambda moment: clicks[moment], default=None)

    def ms(name: str) -> float | None:
        value = None if best is None else values[name].get(best)
        return None if value is None else value / MICROSECONDS_PER_MS

    found = {name: ms(name) for name in STATISTICS}
    return VariantLatency(
        variant,
        int(sum(clicks.values())),
        {name: value for name, value in found.items() if value is not None},
        ms("mean"),
        ms("overhead"),
        prices.instance_hour.get(variant.instance_type),
        float(hours),
    )


def read_series(
    variant: Variant, end: datetime, hours: int, cloudwatch: Any
) -> dict[str, list[tuple[datetime, float]]]:
    """`ModelLatency` in ms by statistic and time, every five minutes."""
    asked = [(name, "ModelLatency", name) for name in STATISTICS]
    values = _ask(variant, asked, end, hours, PLOT_PERIOD_SECONDS, cloudwatch)
    return {
        name: [(moment, value / MICROSECONDS_PER_MS) for moment, value in sorted(of.items())]
        for name, of in values.items()
    }


def _ask(
    variant: Variant,
    asked: Sequence[tuple[str, str, str]],
    end: datetime,
    hours: int,
    period: int,
    cloudwatch: Any,
) -> dict[str, dict[datetime, float]]:
    """Values by id and time. Each of `asked` is an id, a metric and a statistic."""
    dimensions = [
        {"Name": "EndpointName", "Value": variant.endpoint},
        {"Name": "VariantName", "Value": variant.name},
    ]
    queries = [
        {
            "Id": name,
            "MetricStat": {
                "Metric": {
                    "Namespace": NAMESPACE,
                    "MetricName": metric,
                    "Dimensions": dimensions,
                },
                "Period": period,
                "Stat": statistic,
            },
        }
        for name, metric, statistic in asked
    ]
    values: dict[str, dict[datetime, float]] = {name: {} for name, _, _ in asked}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, StartTime=end - timedelta(hours=hours), EndTime=end
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            for moment, value in zip(result["Timestamps"], result["Values"], strict=True):
                values[result["Id"]][moment] = float(value)
    return values


def latency_table(found: Sequence[VariantLatency], prices: Prices) -> Table:
    """One row for each variant."""
    table = Table(
        header_style="bold",
        box=SIMPLE_HEAD,
        title=f"Model latency; prices of {prices.dated}",
        title_justify="left",
    )
    table.add_column("instance", no_wrap=True)
    for name in ("clicks", "p50", "p90", "p99 ms", "USD/h", "USD/1000 used", "at full use"):
        table.add_column(name, justify="right")
    table.add_column("endpoint")
    for item in found:
        count = f"{item.variant.instances} x " if item.variant.instances != 1 else ""
        table.add_row(
            count + item.variant.instance_type,
            f"{item.clicks:,}",
            *(_number(item.ms.get(name), "{:.0f}") for name in STATISTICS),
            _number(item.hourly, "{:.4g}"),
            _number(item.cost_as_used, "{:.3f}"),
            _number(item.cost_at_full_use, "{:.3f}"),
            item.variant.endpoint,
        )
    return table


def plot_latency(
    found: Sequence[VariantLatency],
    series: Sequence[Mapping[str, Sequence[tuple[datetime, float]]]],
    path: Path,
) -> None:
    """Draw p50, p90 and p99 over time, a row for each variant."""
    try:
        from matplotlib import dates
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RefusedError(
            "--plot needs matplotlib: pip install 'fewclick[train]', or leave it out."
        ) from error
    untyped: Any = dates
    clock = untyped.DateFormatter("%H:%M")
    figure = Figure(figsize=(9, 2.6 * len(found) + 0.4), layout="constrained")
    FigureCanvasAgg(figure)  # draws without a screen
    for axes, item, lines in zip(
        figure.subplots(len(found), 1, squeeze=False)[:, 0], found, series, strict=True
    ):
        for name, points in lines.items():
            axes.plot([moment for moment, _ in points], [ms for _, ms in points], label=name)
        axes.set_title(f"{item.variant.instance_type}: {item.variant.endpoint}", fontsize=9)
        axes.set_ylabel("ms")
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter(clock)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _number(value: float | Decimal | None, form: str) -> str:
    return "–" if value is None else form.format(value)
