"""The backend for graphics cards, here on the CPU: same masks, batch or not."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from model_endpoint.guidance import CropClick
from model_endpoint.model_directory import SHIPPED, load_network
from model_endpoint.network_protocol import Network

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

POINTS = np.array([[128, 38], [38, 128], [128, 218], [218, 128]], np.float32)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    directory = tmp_path_factory.mktemp("model")
    shutil.copy(SHIPPED / "weights.safetensors", directory)
    config = json.loads((SHIPPED / "config.json").read_text()) | {"backend": "torch"}
    (directory / "config.json").write_text(json.dumps(config))
    return load_network(directory)


def crop(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:256, :256]
    disk = (rows - 128) ** 2 + (columns - 128) ** 2 < 90**2
    colours = np.where(disk[..., None], [200, 60, 40], [60, 90, 160])
    return (colours + rng.integers(0, 30, (256, 256, 3))).astype(np.uint8)


def test_it_draws_what_the_processors_backend_draws(network: Network) -> None:
    other = load_network(SHIPPED, threads=1)
    covered = np.ones((256, 256), np.bool_)
    clicks = [CropClick(128.0, 30.0, "outside")]
    previous = np.full((128, 128), 0.5, np.float32)
    drawn = [
        one.decode(one.encode(crop(1), covered, POINTS), POINTS, clicks, previous)
        for one in (network, other)
    ]
    assert ((drawn[0] > 0) == (drawn[1] > 0)).mean() > 0.999
    assert network.name.startswith("small-")


def test_requests_at_the_same_time_get_what_each_would_get_alone(network: Network) -> None:
    covered = np.ones((256, 256), np.bool_)

    def draw(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        features = network.encode(crop(seed), covered, POINTS)
        return network.decode(features, POINTS, (), None)

    alone = [draw(seed) for seed in range(6)]
    with ThreadPoolExecutor(6) as threads:
        together = list(threads.map(draw, range(6)))
    for first, second in zip(alone, together, strict=True):
        assert np.abs(first - second).max() < 1e-2


def test_features_say_how_much_they_take(network: Network) -> None:
    features = network.encode(crop(1), np.ones((256, 256), np.bool_), POINTS)
    assert sum(part.nbytes for part in features) > 1_000_000
