"""Images' addresses: from the package, if it is there."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from scripts.segmentation.sagemaker_images import ImageAddressError, image_address


def test_without_the_package_the_fix_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sagemaker", "sagemaker.core"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImageAddressError, match="--image-uri"):
        image_address("semantic-segmentation", "eu-west-1")


def test_a_region_without_the_image_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def retrieve(framework: str, region: str, **choice: str) -> str:
        if region == "mars-1":
            raise ValueError("Unsupported region: mars-1.")
        return f"{framework} {region} {choice['version']}"

    package: Any = ModuleType("sagemaker")
    package.core = ModuleType("sagemaker.core")
    package.core.image_uris = ModuleType("image_uris")
    package.core.image_uris.retrieve = retrieve
    monkeypatch.setitem(sys.modules, "sagemaker", package)
    monkeypatch.setitem(sys.modules, "sagemaker.core", package.core)
    assert image_address("pytorch", "eu-west-1", version="2.6") == "pytorch eu-west-1 2.6"
    with pytest.raises(ImageAddressError, match=r"no image of pytorch in mars-1: Unsupported"):
        image_address("pytorch", "mars-1", version="2.6")
