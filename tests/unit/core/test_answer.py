"""The worker's answer: what is built is read back, and what others send is read or refused."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from hooks.core import answer as answer_module
from hooks.core.answer import DrawnObject, MadeBy, WorkerAnswer, build_answer
from hooks.core.answer_block import Outcome
from hooks.core.categories import LabelCategories
from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.errors import AnswerError
from hooks.core.geometry import Point, Size
from hooks.core.masks import VOID
from tests.grid import grid, label_grid

LABELS = LabelCategories.from_names(["cat", "dog"])
ORANGE, BLUE = (0xE6, 0x9F, 0x00), (0x56, 0xB4, 0xE9)
POINTS = ExtremePoints(Point(1, 0), Point(0, 1), Point(1, 3), Point(3, 1))


def drawn(picture: str, label: str = "cat") -> DrawnObject:
    clicks = (Click(Point(1, 1), ClickKind.INSIDE),)
    return DrawnObject(label, grid(picture), POINTS, clicks, MadeBy.MODEL, 4.2)


SIZE = Size(4, 3)


def parse(text: str | dict[str, Any], size: Size = SIZE) -> WorkerAnswer:
    fields = json.loads(text) if isinstance(text, str) else text
    return WorkerAnswer.from_fields(fields, size, LABELS)


def png(image: Image.Image) -> str:
    stream = io.BytesIO()
    image.save(stream, format="PNG")
    return base64.b64encode(stream.getvalue()).decode()


def crowd_answer(image: Image.Image, **mappings: str) -> dict[str, Any]:
    """As `crowd-semantic-segmentation` answers, without our block."""
    return {
        "inputImageProperties": {"width": image.width, "height": image.height},
        "labelMappings": {name: {"color": color} for name, color in mappings.items()},
        "labeledImage": {"pngImageData": png(image)},
    }


def painted(pixels: list[list[tuple[int, ...]]], mode: str = "RGB") -> Image.Image:
    image = Image.fromarray(np.array(pixels, dtype=np.uint8))
    return image.convert(mode, palette=Image.Palette.ADAPTIVE)


def test_later_objects_lie_on_top_and_earlier_ones_keep_their_own_mask() -> None:
    text = build_answer(
        Size(4, 3), LABELS, [drawn("###./###./...."), drawn("..../.###/.###", "dog")], seconds=9
    )
    answer = parse(text)
    assert answer.outcome is Outcome.LABELED
    assert np.array_equal(answer.label_map, label_grid("111./1222/.222"))
    masks = answer.object_masks()
    assert np.array_equal(masks[1].to_mask(Size(4, 3)), grid("###./###./...."))
    assert np.array_equal(masks[2].to_mask(Size(4, 3)), grid("..../.###/.###"))
    assert [found.own_mask is None for found in answer.objects] == [False, True]
    assert answer.clicks == 10
    assert answer.seconds == 9


def test_the_answer_is_what_readers_of_ground_truth_expect() -> None:
    fields = json.loads(build_answer(Size(4, 3), LABELS, [drawn("###./###./....")], seconds=1))
    assert fields["inputImageProperties"] == {"width": 4, "height": 3}
    assert fields["labelMappings"] == {"cat": {"color": "#e69f00"}}  # painted labels only
    data = base64.b64decode(fields["labeledImage"]["pngImageData"])
    with Image.open(io.BytesIO(data)) as image:
        rgba = np.asarray(image.convert("RGBA"))
    assert tuple(rgba[0, 0]) == (*ORANGE, 255)
    assert rgba[2, 3, 3] == 0  # nothing painted: transparent


def test_no_object_means_nothing_here() -> None:
    answer = parse(build_answer(Size(4, 3), LABELS, [], seconds=2))
    assert answer.outcome is Outcome.NOTHING_HERE
    assert not answer.label_map.any()


def test_cannot_label_abstains_everywhere() -> None:
    answer = parse({"fewclick": {"outcome": "cannot-label", "reason": "blurred"}})
    assert answer.outcome is Outcome.CANNOT_LABEL
    assert answer.reason == "blurred"
    assert (answer.label_map == VOID).all()


@pytest.mark.parametrize(("given", "kept"), [(None, ""), (5, ""), ("a\ud800b", "a?b")], ids=repr)
def test_a_reason_is_a_text_that_can_be_written(given: object, kept: str) -> None:
    answer = parse({"fewclick": {"outcome": "cannot-label", "reason": given}})
    assert answer.reason == kept


masks = hnp.arrays(np.bool_, (5, 6))


@given(st.lists(st.tuples(masks, st.sampled_from(["cat", "dog"])), max_size=4))
def test_any_drawing_survives_the_answer(
    objects: list[tuple[npt.NDArray[np.bool_], str]],
) -> None:
    given_objects = [
        DrawnObject(label, mask, None, (), MadeBy.BRUSH, 0.0) for mask, label in objects
    ]
    answer = parse(build_answer(Size(6, 5), LABELS, given_objects, seconds=0), Size(6, 5))
    expected = np.zeros((5, 6), dtype=np.uint8)
    for mask, label in objects:
        expected[mask] = LABELS.index(label)
    assert np.array_equal(answer.label_map, expected)
    for number, (mask, _) in enumerate(objects, start=1):
        assert np.array_equal(answer.object_masks()[number].to_mask(Size(6, 5)), mask)


def test_more_than_255_objects_need_sixteen_bits() -> None:
    size = Size(20, 20)
    objects = []
    for pixel in range(300):
        mask = np.zeros(size.shape, dtype=bool)
        mask.flat[pixel] = True
        objects.append(DrawnObject("cat", mask, None, (), MadeBy.BRUSH, 0.0))
    answer = parse(build_answer(size, LABELS, objects, seconds=0), size)
    found = answer.object_masks()
    assert all(found[number].to_mask(size).flat[number - 1] for number in range(1, 301))


def test_past_the_budget_own_masks_go_first_then_the_instances(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    objects = [drawn("###./###./...."), drawn("..../.###/.###", "dog")]
    whole = build_answer(Size(4, 3), LABELS, objects, seconds=9)
    monkeypatch.setattr(answer_module, "MAX_CHARACTERS", len(whole) - 1)
    without_masks = build_answer(Size(4, 3), LABELS, objects, seconds=9)
    assert json.loads(without_masks)["fewclick"]["left_out"] == ["object-masks"]
    monkeypatch.setattr(answer_module, "MAX_CHARACTERS", len(without_masks) - 1)
    without_both = json.loads(build_answer(Size(4, 3), LABELS, objects, seconds=9))
    assert without_both["fewclick"]["left_out"] == ["object-masks", "instances"]
    assert np.array_equal(parse(without_both).label_map, label_grid("111./1222/.222"))
    assert parse(without_both).object_masks() == {}
    monkeypatch.setattr(answer_module, "MAX_CHARACTERS", 100)
    with pytest.raises(AnswerError, match="at most 100 can be sent"):
        build_answer(Size(4, 3), LABELS, objects, seconds=9)


def test_a_crowd_elements_answer_is_read_by_its_own_colours() -> None:
    red, white = (200, 0, 0), (255, 255, 255)
    image = painted([[red, red, white], [white, red, (0, 0, 0)]])
    answer = parse(crowd_answer(image, dog="#c80000"), Size(3, 2))
    assert np.array_equal(answer.label_map, label_grid("22./.2."))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_the_pixel_format_does_not_matter(mode: str) -> None:
    image = painted([[ORANGE, BLUE], [(255, 255, 255), BLUE]], mode)
    answer = parse(crowd_answer(image, cat="#e69f00", dog="#56b4e9"), Size(2, 2))
    assert np.array_equal(answer.label_map, label_grid("12/.2"))


@pytest.mark.parametrize("mode", ["1", "L", "I;16"])
def test_grey_pictures_are_read_by_colour_too(mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.array([[65535, 0]], dtype=np.uint16))
    else:
        image = Image.fromarray(np.array([[255, 0]], dtype=np.uint8)).convert(mode)
    answer = parse(crowd_answer(image, cat="#ffffff"), Size(2, 1))
    assert np.array_equal(answer.label_map, label_grid("1."))


def test_smoothed_colours_go_to_the_nearest_label_or_abstain() -> None:
    near, far = (0xE0, 0x99, 0x08), (120, 60, 200)
    answer = parse(crowd_answer(painted([[near, far, ORANGE]]), cat="#e69f00"), Size(3, 1))
    assert np.array_equal(answer.label_map, label_grid("1x1"))
    assert "66.7% of the pixels" in answer.warnings[0]


def test_a_label_that_the_job_does_not_have_abstains_and_is_named() -> None:
    answer = parse(
        crowd_answer(painted([[ORANGE, BLUE]]), cat="#e69f00", horse="#56b4e9"), Size(2, 1)
    )
    assert np.array_equal(answer.label_map, label_grid("1x"))
    assert "'horse'" in answer.warnings[0]


def test_a_picture_of_another_size_and_the_same_shape_is_scaled() -> None:
    image = painted([[ORANGE, BLUE]]).resize((4, 2), Image.Resampling.NEAREST)
    answer = parse(crowd_answer(image, cat="#e69f00", dog="#56b4e9"), Size(2, 1))
    assert np.array_equal(answer.label_map, label_grid("12"))
    assert "it was scaled" in answer.warnings[0]


def truncated(data: str) -> str:
    return base64.b64encode(base64.b64decode(data)[:60]).decode()


GOOD = crowd_answer(painted([[ORANGE] * 40] * 30), cat="#e69f00")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"labelMappings": None}, "labelMappings", id="no mappings"),
        pytest.param({"labelMappings": {"cat": {"color": "red"}}}, "#rrggbb", id="no colour"),
        pytest.param({"labeledImage": None}, "missing", id="no picture"),
        pytest.param({"labeledImage": {"pngImageData": "***"}}, "not base64", id="not base64"),
        pytest.param({"labeledImage": {"pngImageData": "aGk="}}, "not a PNG", id="not a PNG"),
        pytest.param(
            {"labeledImage": {"pngImageData": truncated(GOOD["labeledImage"]["pngImageData"])}},
            "damaged",
            id="truncated",
        ),
        pytest.param(
            {"labeledImage": {"pngImageData": png(Image.new("L", (30, 40)))}},
            "30 x 40 pixels, the photo 40 x 30",
            id="another shape",
        ),
        pytest.param(
            {"labeledImage": {"pngImageData": png(Image.new("1", (4000, 3000)))}},
            "4000 x 3000",
            id="far too large",
        ),
        pytest.param(
            {"labelMappings": {"horse": {"color": "#e69f00"}}}, "no pixel", id="no label of ours"
        ),
        pytest.param(
            {"labelMappings": {str(number): {} for number in range(300)}},
            "300 labels",
            id="too many labels",
        ),
        pytest.param(
            {"labelMappings": {"cat": {"color": "#e69f00"}, "dog": {"color": "#E69F00"}}},
            "'dog' is another label's",
            id="two labels of one colour",
        ),
        pytest.param({"fewclick": []}, "not a JSON object", id="block of another kind"),
        pytest.param({"fewclick": {"schema_version": 2}}, "version 2", id="another version"),
        pytest.param({"fewclick": {"outcome": "bored"}}, "'bored'", id="unknown outcome"),
        pytest.param({"fewclick": {"objects": {}}}, "not a list", id="objects no list"),
        pytest.param({"fewclick": {"objects": [{}]}}, "with an id", id="object without id"),
        pytest.param(
            {"fewclick": {"objects": [{"id": 1, "mask": {"box": 1}}]}}, "objects[0]", id="bad mask"
        ),
    ],
)
def test_an_answer_that_cannot_be_used_says_why(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(AnswerError) as caught:
        parse(GOOD | change, Size(40, 30))
    assert reason in str(caught.value)


def test_noise_is_no_drawing() -> None:
    """Millions of colours against hundreds of labels would take the memory of the whole batch."""
    pixels = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    with pytest.raises(AnswerError, match="more than 65536 colours"):
        parse(crowd_answer(Image.fromarray(pixels), cat="#e69f00"), Size(400, 300))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "labelMappings": json_values,
            "labeledImage": json_values | st.just(GOOD["labeledImage"]),
            "fewclick": json_values
            | st.fixed_dictionaries(
                {},
                optional={"outcome": json_values, "objects": json_values, "seconds": json_values},
            ),
        },
    )
)
def test_any_json_is_an_answer_or_an_answer_error(fields: dict[str, Any]) -> None:
    try:
        answer = parse(fields, Size(40, 30))
    except AnswerError:
        return
    assert answer.label_map.shape == (30, 40)


@given(st.binary(max_size=200))
def test_the_png_decoder_survives_any_damage(noise: bytes) -> None:
    data = bytearray(base64.b64decode(GOOD["labeledImage"]["pngImageData"]))
    for position, value in enumerate(noise):
        data[(position * 7919 + value) % len(data)] ^= value
    damaged = base64.b64encode(bytes(data)).decode()
    try:
        answer = parse(GOOD | {"labeledImage": {"pngImageData": damaged}}, Size(40, 30))
    except AnswerError:
        return
    assert answer.label_map.shape == (30, 40)
