"""Which model is meant, and whether it can label what the job asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.auto_labeling.class_lists import COCO, VOC, classes_by_name
from scripts.auto_labeling.model_classes import match_classes, read_class_names, read_mapping
from scripts.auto_labeling.model_source import (
    PUBLIC_HUB,
    AccountModel,
    ExistingEndpoint,
    HubModel,
    LocalModel,
    ModelSource,
    parse_model_source,
)
from scripts.refusal import RefusedError

MASKRCNN = "mxnet-is-mask-rcnn-fpn-resnet101-v1d-coco"
SHARED_HUB = "arn:aws:sagemaker:eu-west-1:210987654321:hub/our-models"


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (f"jumpstart:{MASKRCNN}", HubModel(PUBLIC_HUB, MASKRCNN)),
        (f"jumpstart:{MASKRCNN}@2.0.1", HubModel(PUBLIC_HUB, MASKRCNN, "2.0.1")),
        ("hub:our-models/cars@1.0.0", HubModel("our-models", "cars", "1.0.0")),
        (f"hub:{SHARED_HUB}/cars", HubModel(SHARED_HUB, "cars")),
        ("model:cars-3", AccountModel("cars-3")),
        ("endpoint:cars-live", ExistingEndpoint("cars-live")),
        ("local:out/cats/model", LocalModel(Path("out/cats/model"))),
    ],
)
def test_every_form_is_read(text: str, source: ModelSource) -> None:
    assert parse_model_source(text) == source


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("cars", "names no model; give jumpstart:MODEL_ID"),
        ("model:", "names no model"),
        ("s3:bucket", "'s3' is no kind of model"),
        ("jumpstart:cars@newest", "a version is three numbers"),
        ("hub:cars", "give the hub's name or ARN, a slash, and the model"),
        ("endpoint:my cars", "'my cars' is no name that SageMaker takes"),
    ],
)
def test_what_is_no_model_is_refused_with_what_is(text: str, problem: str) -> None:
    with pytest.raises(RefusedError, match=problem):
        parse_model_source(text)


def test_a_models_classes_become_the_jobs_labels() -> None:
    classes = match_classes(["BACKGROUND", "cat", "dog", "sofa"], ["dog", "cat"], {}, "local:m")
    assert dict(classes.to_label) == {"cat": "cat", "dog": "dog"}
    assert classes.left_out == ("sofa",)


def test_several_classes_may_become_one_label() -> None:
    mapping = read_mapping(["car=vehicle", "truck = vehicle"])
    classes = match_classes(COCO, ["vehicle", "person"], mapping, "jumpstart:x-coco")
    assert classes.to_label["truck"] == "vehicle"
    assert "bus" in classes.left_out


def test_a_label_that_the_model_does_not_know_is_named_with_a_guess() -> None:
    with pytest.raises(RefusedError) as raised:
        match_classes(["BACKGROUND", "Cat", "dog"], ["cat", "horse"], {}, "local:m")
    said = str(raised.value)
    assert "local:m has no class for the job's 'cat', 'horse'" in said
    assert "Is 'Cat' meant by 'cat'?" in said
    assert "--map CLASS=LABEL" in said


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        (["car"], "write CLASS=LABEL"),
        (["car=vehicle", "car=auto"], "names the class 'car' twice"),
        (["tram=vehicle"], "has no class 'tram'"),
        (["car=ship"], "the job has no label 'ship'"),
    ],
)
def test_a_mapping_of_what_is_not_there_is_refused(pairs: list[str], problem: str) -> None:
    with pytest.raises(RefusedError, match=problem):
        match_classes(["car", "bus"], ["vehicle"], read_mapping(pairs), "model:m")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '["cat", "dog"]'),
        ("a.json", '{"0": "cat", "1": "dog"}'),
        ("a.json", '{"labels": [{"label": "cat"}, {"label": "dog"}]}'),
        ("a.txt", "cat\ndog\n"),
    ],
)
def test_class_names_come_from_a_file_of_any_usual_form(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    assert read_class_names(str(tmp_path / name)) == ("cat", "dog")
    assert read_class_names("cat, dog") == ("cat", "dog")


@pytest.mark.parametrize("text", ['{"1": "cat"}', "3", '{"labels": [{"name": "cat"}]}'])
def test_a_file_that_lists_no_classes_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(RefusedError, match=r"a\.json"):
        read_class_names(str(tmp_path / "a.json"))


def test_twice_the_same_class_is_refused() -> None:
    with pytest.raises(RefusedError, match="'cat' occurs twice"):
        read_class_names("cat,dog,cat")


def test_a_jumpstart_id_says_which_set_a_model_knows() -> None:
    assert classes_by_name(MASKRCNN) == COCO
    assert len(COCO) == 80
    assert classes_by_name("mxnet-od-ssd-512-vgg16-atrous-voc") == VOC
    assert classes_by_name("pytorch-ic-resnet50") == ()
