"""Addresses of SageMaker's own images, as the `sagemaker` package knows them."""

from __future__ import annotations

from hooks.core.errors import FewclickError


class ImageAddressError(FewclickError):
    """No image's address is known; the message says what to do."""


def image_address(framework: str, region: str, **choice: str) -> str:
    """The address of an image in a region.

    Args:
        choice: what `sagemaker.core.image_uris.retrieve` takes beside: version, instance_type …

    Raises:
        ImageAddressError: the package is not installed, or knows no such image there.
    """
    try:
        from sagemaker.core import image_uris
    except ImportError as error:
        raise ImageAddressError(
            "the image's address comes from the sagemaker package: "
            "pip install 'fewclick[sagemaker]', or give --image-uri."
        ) from error
    try:
        return str(image_uris.retrieve(framework, region, **choice))
    except ValueError as error:
        raise ImageAddressError(f"no image of {framework} in {region}: {error}") from error
