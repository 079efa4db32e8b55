"""`fewclick`: one command, one verb per module of `scripts.commands`.

Exit codes: 0 it worked, 1 it ran and something failed, 2 the command was called wrongly,
130 it was interrupted.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from hooks.core.errors import FewclickError
from scripts.commands import (
    active_learn,
    auto_label,
    bench_conversion,
    bench_endpoint,
    bench_export,
    bench_runtimes,
    cost,
    demo,
    deploy,
    doctor,
    evaluate_clicks,
    evaluate_consensus,
    evaluate_training,
    export,
    import_labels,
    job,
    latency,
    manifest,
    merge_labels,
    pack_model,
    predict,
    preview,
    quality,
    render,
    serve,
    simulate_active_learning,
    team,
    teardown,
    train,
    train_clicks,
)
from scripts.verb_group import VerbGroup

app = typer.Typer(
    cls=VerbGroup,
    help="Few-click segmentation for Ground Truth labeling jobs, on AWS or on one machine.",
    epilog="Exit codes: 0 it worked · 1 something failed · 2 wrong usage · 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"fewclick {version('fewclick')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Options of the command itself, in front of a verb."""


app.command()(demo.demo)
app.add_typer(active_learn.app, name="active-learn")
app.command("auto-label")(auto_label.auto_label)
app.command("bench-conversion")(bench_conversion.bench_conversion)
app.command("bench-endpoint")(bench_endpoint.bench_endpoint)
app.command("bench-export")(bench_export.bench_export)
app.command("bench-runtimes")(bench_runtimes.bench_runtimes)
app.command("cost")(cost.cost)
app.command("deploy")(deploy.deploy)
app.command("evaluate-clicks")(evaluate_clicks.evaluate_clicks)
app.command("evaluate-consensus")(evaluate_consensus.evaluate_consensus)
app.command("evaluate-training")(evaluate_training.evaluate_training)
app.command()(export.export)
app.command("import")(import_labels.import_labels)
app.add_typer(job.app, name="job")
app.command()(doctor.doctor)
app.command()(latency.latency)
app.add_typer(manifest.app, name="manifest")
app.command("merge-labels")(merge_labels.merge_labels)
app.command("pack-model")(pack_model.pack_model)
app.command()(predict.predict)
app.command()(preview.preview)
app.command("quality")(quality.quality)
app.command()(render.render)
app.command("serve")(serve.serve)
app.command("simulate-active-learning")(simulate_active_learning.simulate_active_learning)
app.command()(train.train)
app.add_typer(team.app, name="team")
app.command("teardown")(teardown.teardown)
app.command("train-clicks")(train_clicks.train_clicks)


def main() -> None:
    """Entry point of the `fewclick` command."""
    try:
        app()
    except FewclickError as error:
        typer.echo(f"fewclick: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
