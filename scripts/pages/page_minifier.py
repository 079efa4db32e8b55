"""Makes a worker page smaller: for the public workforce, and where it would not fit.

Every page is sent without comments, indentation and needless blanks. Mechanical Turk takes a page
of 65,535 bytes (HTMLQuestion in its API); whether that binds labeling jobs is not documented, so
pages for it stay below: tdewolff/minify also shortens the names inside scripts. In a page that is
too long even so the last script travels compressed, and unpacks itself, which every browser since
2023 can.
"""

from __future__ import annotations

import base64
import re
import zlib

from hooks.core.errors import ContractError

MAX_PUBLIC_PAGE_BYTES = 65_535

_BRACE = "&#123;"
_PRIVATE = [chr(code) for code in range(0xE000, 0xF900)]
"""Characters that nobody has given a meaning to."""

_CODE = re.compile(r"(<script>|<style>)(.*?)(</script>|</style>)", re.DOTALL)


def minify(page: str) -> str:
    """The same page in fewer characters.

    Raises:
        ContractError: the minifier is not installed, or cannot read the page.
    """
    try:
        import minify as tdewolff
    except ModuleNotFoundError as error:
        raise ContractError(
            "page", "a minified page needs the minifier: pip install 'fewclick[minify]'."
        ) from error
    # Tags and quotes stay: Ground Truth's Liquid and its portal parse the page as well.
    kept = ("end-tags", "document-tags", "quotes")
    tdewolff.config({f"html-keep-{what}": True for what in kept})
    # It would write entities as characters, and braces of the job's texts must stay entities.
    stand_in = next(character for character in _PRIVATE if character not in page)
    try:
        smaller: str = tdewolff.string("text/html", page.replace(_BRACE, stand_in))
    except tdewolff.MinifyError as error:
        raise ContractError("page", f"the minifier cannot read it: {error}.") from error
    return _CODE.sub(_without_liquid, smaller).replace(stand_in, _BRACE)


def _without_liquid(code: re.Match[str]) -> str:
    """Braces that only the minifier moved together are moved apart again.

    Neither is possible inside a text: `render_template` refuses such a page before it comes here.
    """
    begin, body, end = code.groups()
    return f"{begin}{body.replace('{{', '{ {').replace('{%', '{ %')}{end}"


_UNPACKING = (
    "(async t=>{const b=Uint8Array.from(atob(t),c=>c.charCodeAt(0)),d=document;"
    "if(!self.DecompressionStream)"
    'return d.getElementById("status").textContent=d.body.dataset.old;const '
    's=d.createElement("script"),[c,l,j]=(await new Response(new Blob([b]).stream()'
    '.pipeThrough(new DecompressionStream("deflate"))).text()).split("\\0");'
    'if(c)d.querySelector("style").textContent=c;if(l)d.getElementById("texts").textContent=l;'
    's.textContent=j;d.body.append(s)})("'
)
_NAMES = ("style", "texts", "script")
_PACKED = re.compile(
    r"(?P<style>(?<=<style>).*?(?=</style>))|"
    r'(?P<texts>(?<= id="texts">).*?(?=</script>))|'
    r"(?P<script>(?<=<script>)(?!.*<script>).*(?=</script>))",
    re.DOTALL,
)


def pack(page: str, *, whole: bool) -> str:
    """The same page with its last script compressed, if `whole` its styles and texts as well.

    They unpack themselves, which is seen for a moment where styles are among them.
    """
    names = _NAMES if whole else _NAMES[-1:]
    parts = {str(found.lastgroup): found[0] for found in _PACKED.finditer(page)}
    content = "\0".join(parts[name] if name in names else "" for name in _NAMES)
    data = base64.b64encode(zlib.compress(content.encode(), 9)).decode()
    loader = f'{_UNPACKING}{data}")'

    def packed(found: re.Match[str]) -> str:
        if found.lastgroup == "script":
            return loader
        return "" if found.lastgroup in names else found[0]

    return _PACKED.sub(packed, page)


def packed_script(loader: str) -> str | None:
    """The script that the one script of a packed page puts into it; None for any other script."""
    if not loader.startswith(_UNPACKING):
        return None
    data = loader.removeprefix(_UNPACKING).removesuffix('")')
    return zlib.decompress(base64.b64decode(data)).decode().split("\0")[-1]
