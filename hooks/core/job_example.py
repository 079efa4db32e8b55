"""Examples of good and bad work that a job's author shows to workers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hooks.core.errors import ContractError
from hooks.core.manifest import parse_s3_uri

MAX_CAPTION_CHARACTERS = 500

_DATA = re.compile(r"data:image/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/]+={0,2}")
_NOT_IN_A_PAGE = re.compile(r"[\"'<>{}\\\x00-\x1f]")
"""What an address may not hold, since it stands in the page as a text of Liquid's."""


class Verdict(StrEnum):
    """What an example is one of."""

    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Example:
    """One picture of work as it should be, or should not.

    Attributes:
        image: an S3 address, for which workers get a link, or the picture itself as a data URL.
        caption: plain text.
    """

    image: str
    verdict: Verdict
    caption: str = ""

    @property
    def is_data(self) -> bool:
        """True if the page carries the picture itself."""
        return self.image.startswith("data:")

    @classmethod
    def from_json(cls, value: object, where: str) -> Example:
        """Raises ContractError, naming the field under `where`."""
        if not isinstance(value, Mapping):
            raise ContractError(where, 'must be an object with "image", "verdict" and "caption".')
        verdict, caption = value.get("verdict"), value.get("caption", "")
        if verdict not in list(Verdict):
            raise ContractError(f"{where}.verdict", f"{verdict!r} is not good or bad.")
        if not isinstance(caption, str) or len(caption) > MAX_CAPTION_CHARACTERS:
            raise ContractError(
                f"{where}.caption",
                f"must be a text of at most {MAX_CAPTION_CHARACTERS} characters.",
            )
        return cls(_image(value.get("image"), f"{where}.image"), Verdict(verdict), caption)

    def to_json(self) -> dict[str, str]:
        return {"image": self.image, "verdict": self.verdict.value, "caption": self.caption}


def _image(value: object, where: str) -> str:
    text = str(value)
    if text.startswith("data:"):
        if not _DATA.fullmatch(text):
            raise ContractError(where, "a data URL must be a base64 PNG, JPEG, WebP or GIF.")
        return text
    parse_s3_uri(text, where)
    odd = _NOT_IN_A_PAGE.search(text)
    if odd:
        raise ContractError(
            where,
            f"the address holds {odd[0]!r}, which a page cannot carry; copy the picture to a "
            "plainer name.",
        )
    return text
