"""What the demo's options mean together."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from hooks.core.errors import ContractError
from scripts.__main__ import app
from scripts.demo import DemoOptions, plan
from scripts.photo_set import PhotoSetError


def test_by_default_three_workers_label_the_photos_that_have_masks() -> None:
    demo = plan(DemoOptions())
    assert len(demo.photos) == 13
    assert demo.workers == 3
    assert not demo.serve
    assert "giraffe" in demo.labels.names


def test_served_one_person_labels_all_photos() -> None:
    demo = plan(DemoOptions(serve=True))
    assert len(demo.photos) == 16
    assert demo.workers == 1


def test_own_photos_without_masks_are_for_people(demo_photos: Path) -> None:
    demo = plan(DemoOptions(images=demo_photos / "images", labels="cat, dog"))
    assert demo.serve
    assert demo.labels.names == ("cat", "dog")


def test_own_photos_with_masks_are_simulated(demo_photos: Path) -> None:
    demo = plan(DemoOptions(images=demo_photos / "images", masks=demo_photos / "masks"))
    assert not demo.serve
    assert len(demo.photos) == 13


def test_options_that_do_not_fit_together_are_refused(demo_photos: Path, tmp_path: Path) -> None:
    images = demo_photos / "images"
    with pytest.raises(typer.BadParameter, match="go with --images"):
        plan(DemoOptions(labels="cat"))
    with pytest.raises(typer.BadParameter, match="needs --labels"):
        plan(DemoOptions(images=images))
    with pytest.raises(typer.BadParameter, match="no file in"):
        plan(DemoOptions(images=images, masks=tmp_path, labels="cat"))
    with pytest.raises(typer.BadParameter, match="3 simulated workers"):
        plan(DemoOptions(workers=4))


@pytest.mark.parametrize("labels", ["", "cat,cat", "cat,,dog", ",".join(map(str, range(255)))])
def test_a_label_list_that_cannot_be_used_is_refused(demo_photos: Path, labels: str) -> None:
    with pytest.raises(ContractError, match="--labels"):
        plan(DemoOptions(images=demo_photos / "images", labels=labels))


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(PhotoSetError, match="nowhere is not a folder"):
        plan(DemoOptions(images=Path("nowhere"), labels="cat"))


def test_every_verb_has_help() -> None:
    for command in app.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "").replace("_", "-")
        result = CliRunner().invoke(app, [name, "--help"])
        assert result.exit_code == 0
        assert "Usage" in result.output


def test_a_wrong_option_is_wrong_usage() -> None:
    assert CliRunner().invoke(app, ["demo", "--labels", "cat"]).exit_code == 2
    assert CliRunner().invoke(app, ["demo", "--nonsense"]).exit_code == 2
    nowhere = CliRunner().invoke(app, ["demo", "--images", "nowhere", "--labels", "cat"])
    assert nowhere.exit_code == 2
    assert "nowhere is not a folder" in nowhere.output
