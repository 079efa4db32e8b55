"""Training: data, clicks from the network's own errors, statistics, export. Needs torch."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="needs the training extra")

from model_endpoint import train  # noqa: E402 - after the check for torch
from model_endpoint.click_simulator import distance_inside, largest_component  # noqa: E402
from model_endpoint.export import export, load_checkpoint  # noqa: E402
from model_endpoint.guidance import CropClick, encoder_input, prompt_maps  # noqa: E402
from model_endpoint.losses import click_loss  # noqa: E402
from model_endpoint.model_directory import SHIPPED  # noqa: E402
from model_endpoint.network import WEIGHTS_FILE, NetworkConfig, read_weights  # noqa: E402
from model_endpoint.onnx_network import OnnxNetwork  # noqa: E402
from model_endpoint.reference_photos import (  # noqa: E402
    DataSetError,
    ReferencePhoto,
    read_indexed,
)
from model_endpoint.trainer import (  # noqa: E402
    Recipe,
    Trainer,
    TrainingError,
    first_network,
)
from model_endpoint.training_clicks import (  # noqa: E402
    ClickSequence,
    fast_component,
    fast_distance,
    spoil,
)
from model_endpoint.training_data import TrainingPool  # noqa: E402

pytestmark = pytest.mark.torch

TINY = NetworkConfig(
    stem=8,
    widths=(16, 16, 24, 24),
    depths=(1, 1, 1, 1),
    necks=(8, 16, 16, 16),
    prompts=(8, 8, 8, 8),
    decoder=(8, 16, 16, 16),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight noisy photos with one bright ellipse each."""
    path = tmp_path_factory.mktemp("shapes")
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:96, :128]
    lines = []
    for index in range(8):
        x, y = rng.uniform(45, 85), rng.uniform(38, 58)
        mask = ((columns - x) / rng.uniform(15, 35)) ** 2 + ((rows - y) / 22) ** 2 < 1
        photo = rng.integers(0, 90, (96, 128, 3)).astype(np.uint8)
        photo[mask] += np.uint8(120)
        Image.fromarray(photo).save(path / f"{index}.png")
        Image.fromarray(mask).save(path / f"{index}_mask.png")
        record = {
            "image": f"{index}.png",
            "source": "shapes",
            "objects": [{"mask": f"{index}_mask.png", "label": "ellipse"}],
        }
        lines.append(json.dumps(record))
    (path / "index.jsonl").write_text("\n".join(lines))
    return path


@pytest.fixture(scope="module")
def pool(folder: Path) -> TrainingPool:
    return TrainingPool(read_indexed(folder).photos, {"shapes": 1.0})


def test_a_sample_keeps_the_mask_on_the_object(pool: TrainingPool) -> None:
    sample = pool.sample(np.random.default_rng(1), 96)
    assert sample.maps.shape == (5, 96, 96)
    assert sample.reference.shape == (96, 96)
    assert set(np.unique(sample.reference)) == {0, 1}
    box = sample.maps[4] > 0
    assert sample.reference[~box].mean() < 0.05


def test_excluded_photos_are_not_trained_on(folder: Path, pool: TrainingPool) -> None:
    assert len(pool) == 8
    assert len(TrainingPool(read_indexed(folder).photos, {}, excluded={"0", "5"})) == 6


def test_photos_of_a_source_of_no_weight_are_not_seen_at_all(folder: Path) -> None:
    photos = [
        dataclasses.replace(photo, source="noise" if place < 3 else "shapes")
        for place, photo in enumerate(read_indexed(folder).photos)
    ]
    pool = TrainingPool(photos, {"noise": 0})
    assert (len(pool), len(pool.photos), pool.sources) == (5, 5, ["shapes"])
    with pytest.raises(DataSetError, match="nothing to learn"):
        TrainingPool(photos, {"noise": 0, "shapes": 0})


def test_the_same_seed_gives_the_same_samples(pool: TrainingPool) -> None:
    first = pool.sample(np.random.default_rng(5), 64)
    again = pool.sample(np.random.default_rng(5), 64)
    assert (first.maps == again.maps).all()
    assert (first.reference == again.reference).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_fast_functions_mean_what_the_slow_ones_do(seed: int) -> None:
    mask = np.random.default_rng(seed).random((40, 50)) < 0.8
    assert np.abs(fast_distance(mask) - distance_inside(mask)).max() < 0.1
    assert (fast_component(mask) == largest_component(mask)).all()


def test_a_sequence_grows_by_clicks_that_correct_its_mask(pool: TrainingPool) -> None:
    rng = np.random.default_rng(2)
    sequence = ClickSequence(pool.sample(rng, 64).reference)
    for _ in range(4):
        sequence.add_click(np.zeros((64, 64), np.float32), rng)
    assert {click.kind for click in sequence.clicks} == {"inside"}  # an empty mask misses all
    assert sequence.prompts().shape == (6, 32, 32)


def test_half_of_the_hands_are_unsteady_if_the_recipe_says_so(folder: Path) -> None:
    rng = np.random.default_rng(6)
    unsteady = TrainingPool(read_indexed(folder).photos, {}, hand_noise=4.0)
    noises = [unsteady.sample(rng, 64).hand_noise for _ in range(60)]
    assert 15 < np.count_nonzero(noises) < 45
    # Crop pixels: the ellipses are 30 to 70 px wide, so that a photo pixel is 0.4 to 2 of them.
    assert 2 < max(noises) < 8


def test_a_careful_hand_never_clicks_on_the_wrong_side_and_an_unsteady_one_does(
    pool: TrainingPool,
) -> None:
    wrong = {}
    for noise in (0.0, 20.0):
        rng = np.random.default_rng(7)
        reference = pool.sample(rng, 64).reference
        clicks: list[CropClick] = []
        for _ in range(30):
            sequence = ClickSequence(reference, hand_noise=noise)
            sequence.add_click(np.zeros((64, 64), np.float32), rng)  # misses all: an inside click
            clicks += sequence.clicks
        wrong[noise] = sum(not reference[int(click.y), int(click.x)] for click in clicks)
    assert wrong[0.0] == 0 < wrong[20.0]


def test_a_spoiled_mask_is_near_the_reference_and_wrong(pool: TrainingPool) -> None:
    rng = np.random.default_rng(3)
    reference = pool.sample(rng, 96).reference
    spoiled = [spoil(reference, rng) > 0.5 for _ in range(10)]
    wrong = [float((mask != (reference > 0)).mean()) for mask in spoiled]
    assert 0 < np.mean(wrong) < 0.3


def test_a_right_mask_costs_less_than_a_wrong_one() -> None:
    reference = torch.zeros(2, 1, 32, 32)
    reference[:, :, 8:24, 8:24] = 1
    clicks = torch.zeros(2, 1, 16, 16)
    right, wrong = (reference * 2 - 1) * 6, (1 - reference * 2) * 6
    assert click_loss(right, reference, clicks) < 0.1 < click_loss(wrong, reference, clicks)


def test_a_mistake_at_a_click_costs_more() -> None:
    reference = torch.zeros(1, 1, 32, 32)
    reference[:, :, 8:24, 8:24] = 1
    logits = (reference * 2 - 1) * 4
    logits[:, :, 14:18, 14:18] = -4
    clicks = torch.zeros(1, 1, 16, 16)
    without = click_loss(logits, reference, clicks)
    clicks[:, :, 7:9, 7:9] = 1
    assert click_loss(logits, reference, clicks) > 1.2 * without


def ious(logits: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    found = logits > 0
    truth = reference > 0
    return (found & truth).sum((1, 2, 3)) / (found | truth).sum((1, 2, 3)).clamp(min=1)


@pytest.fixture(scope="module")
def trained(pool: TrainingPool, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    """A tiny network after a few seconds on ellipses."""
    recipe = Recipe(data=(), minutes=60, processes=1, warm_up_steps=5, network=TINY, seed=3)
    trainer = Trainer(recipe, tmp_path_factory.mktemp("run"), 0)
    torch.set_num_threads(1)
    rng = np.random.default_rng(4)
    for _ in range(70):
        trainer.step([pool.sample(rng, 64) for _ in range(12)])
    return trainer


def test_a_first_mask_is_as_good_in_evaluation_as_in_training(
    trained: Trainer, pool: TrainingPool
) -> None:
    """Running statistics must fit the first mask too, whose prompt maps are all zero."""
    rng = np.random.default_rng(9)
    samples = [pool.sample(rng, 64) for _ in range(24)]
    maps = torch.from_numpy(np.stack([sample.maps for sample in samples]))
    reference = torch.from_numpy(np.stack([sample.reference for sample in samples]))[:, None]
    prompts = torch.zeros(24, 6, 32, 32)
    network = trained.network
    found = {}
    with torch.no_grad():
        for mode in (True, False):
            network.train(mode)
            found[mode] = float(
                ious(network.decode(network.encode(maps), prompts), reference).mean()
            )
    network.train()
    assert found[True] > 0.6  # it has learnt
    assert abs(found[True] - found[False]) < 0.03


def test_a_checkpoint_resumes_where_it_stopped(trained: Trainer) -> None:
    trained.seconds = 12.0
    trained.save()
    other = Trainer(trained.recipe, trained.out, 0)
    other.resume()
    assert (other.steps, other.samples, other.seconds) == (70, 70 * 12, 12.0)
    for name, value in trained.network.state_dict().items():
        assert torch.equal(value, other.network.state_dict()[name])
        assert torch.equal(trained.average[name], other.average[name])


def test_training_starts_from_another_models_weights(tmp_path: Path) -> None:
    recipe = Recipe(
        data=(),
        minutes=1,
        processes=1,
        start_from=str(SHIPPED),
        network=read_weights(SHIPPED).config,
    )
    started = Trainer(recipe, tmp_path, 0)
    for name, value in read_weights(SHIPPED).state_dict().items():
        assert torch.equal(value, started.network.state_dict()[name])
        assert torch.equal(value, started.average[name])


def test_a_model_that_cannot_be_started_from_is_named(tmp_path: Path) -> None:
    def start(path: Path) -> None:
        first_network(Recipe(data=(), minutes=1, network=TINY, start_from=str(path)))

    with pytest.raises(TrainingError, match="other sizes than the recipe's"):
        start(SHIPPED)
    with pytest.raises(TrainingError, match="no weights to start from"):
        start(tmp_path)
    (tmp_path / "config.json").write_text('{"backend": "octagon"}')
    with pytest.raises(TrainingError, match="no weights to start from"):
        start(tmp_path)
    (tmp_path / "config.json").write_text((SHIPPED / "config.json").read_text())
    (tmp_path / WEIGHTS_FILE).write_bytes(b"no weights")
    with pytest.raises(TrainingError, match="no weights to start from"):
        start(tmp_path)


# torch announces that its older ONNX exporter will go; the newer one needs a further package.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_exported_graphs_answer_as_the_network_does(trained: Trainer, tmp_path: Path) -> None:
    trained.save()
    network = load_checkpoint(trained.out / "checkpoint.pt")
    # The weights are stored as 16-bit floats: compare with a network that has the same.
    for parameter in network.parameters():
        parameter.data = parameter.data.half().float()
    export(network, tmp_path, "tiny", 64)
    served = OnnxNetwork(tmp_path, "tiny", 64, threads=1)
    rng = np.random.default_rng(6)
    colours = rng.integers(0, 255, (64, 64, 3)).astype(np.uint8)
    covered = np.ones((64, 64), np.bool_)
    points = np.array([[32, 8], [8, 32], [32, 56], [56, 32]], np.float32)
    clicks = [CropClick(20.0, 40.0, "boundary")]
    previous = rng.random((32, 32)).astype(np.float32)
    features = served.encode(colours, covered, points)
    logits = served.decode(features, points, clicks, previous)
    with torch.no_grad():
        expected = network.decode(
            network.encode(torch.from_numpy(encoder_input(colours, points, covered))[None]),
            torch.from_numpy(prompt_maps(clicks, previous, 64))[None],
        )[0, 0].numpy()
    assert np.abs(logits - expected).max() < 0.02 * max(1.0, float(np.abs(expected).max()))
    assert (tmp_path / WEIGHTS_FILE).exists()


def test_the_shipped_graphs_answer_as_the_shipped_weights_do() -> None:
    config = json.loads((SHIPPED / "config.json").read_text())
    network = read_weights(SHIPPED)
    assert sum(parameter.numel() for parameter in network.parameters()) <= 6_000_000
    network.fold()
    size = config["size"]
    served = OnnxNetwork(SHIPPED, config["label"], size, threads=1)
    rng = np.random.default_rng(7)
    rows, columns = np.mgrid[:size, :size]
    disk = (rows - size / 2) ** 2 + (columns - size / 2) ** 2 < (0.35 * size) ** 2
    colours = np.where(disk[..., None], [200, 60, 40], [60, 90, 160])
    colours = (colours + rng.integers(0, 20, (size, size, 3))).astype(np.uint8)
    covered = np.ones((size, size), np.bool_)
    points = np.array([[128, 38], [38, 128], [128, 218], [218, 128]], np.float32) * size / 256
    logits = served.decode(served.encode(colours, covered, points), points, (), None)
    with torch.no_grad():
        expected = network.decode(
            network.encode(torch.from_numpy(encoder_input(colours, points, covered))[None]),
            torch.from_numpy(prompt_maps((), None, size))[None],
        )[0, 0].numpy()
    assert ((logits > 0) == (expected > 0)).mean() > 0.999
    assert (logits > 0)[disk].mean() > 0.9


@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_leaves_a_checkpoint_and_goes_on_from_it(
    folder: Path, tmp_path: Path, processes: int
) -> None:
    photos = read_indexed(folder).photos
    heard: list[tuple[float, int]] = []
    small = {"size": 64, "final_size": 64, "batch": 4, "network": TINY, "processes": processes}
    for steps in (2, 3):
        recipe = Recipe(data=(), minutes=1, steps=steps, **small)  # type: ignore[arg-type]
        train.run(recipe, photos, tmp_path, on_step=lambda *step: heard.append(step))
    assert heard == [(0.5, 1), (1.0, 2), (1.0, 3)]
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in logged] == [2, 3]
    assert (tmp_path / "checkpoint.pt").exists()


def test_a_log_forgets_what_its_checkpoint_does_not_hold(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"step": 5}\n{"step": 9}\n')
    train.trim_log(log, 7)
    assert log.read_text() == '{"step": 5}\n'


def test_a_data_set_of_specks_is_refused(tmp_path: Path) -> None:
    photo = ReferencePhoto(
        "a.png",
        "specks",
        ("a_0.png",),
        lambda: np.zeros((9, 9, 3), np.uint8),
        lambda place: np.ones((9, 9), np.bool_),
    )
    with pytest.raises(DataSetError, match="150 pixels"):
        TrainingPool([photo], {})


def test_a_machine_without_a_graphics_card_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(train.TrainingError, match="no CUDA device"):
        train.run(Recipe(data=(), minutes=1), [], tmp_path, device="cuda")


def test_a_sample_that_cannot_be_made_ends_the_training(folder: Path) -> None:
    class Broken:
        def sample(self, rng: np.random.Generator, size: int) -> None:
            raise OSError("gone")

    prefetcher = train.Prefetcher(Broken(), 4, 1)  # type: ignore[arg-type]
    prefetcher.start(64)
    with pytest.raises(OSError, match="gone"):
        next(prefetcher.batches())
