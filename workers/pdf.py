"""Pages of our own templates as tagged PDF; the only module that touches WeasyPrint.

The renderer reaches nothing: neither a page nor a style sheet loads an address of any kind, and the fonts
are those of our own folder, found by name. Equal pages give equal bytes on every day, in every directory
and time zone: there is no clock, no identifier and no system font in the result.

WeasyPrint is imported by `warm()` (or the first `render`), not by importing this module, because it
needs Pango, takes half a second, and ends the whole process if no font can be found.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import gc
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
FONTS = ROOT / "delivery" / "static" / "fonts" / "pdf"
STYLES = ROOT / "templates" / "report"
PAPERS = {"letter": ("report.css",), "a4": ("report.css", "report-a4.css")}
#: Characters. The longest report we know (a hundred long questions) stays below 80,000.
LARGEST_PAGE = 500_000
#: The rules of HTML's own style sheet that our templates need. `br::before` is not decoration:
#: without it two lines join without a sign.
ELEMENTS = """
head,title,meta,link,style,script,[hidden]{display:none}
html,body,div,h1,h2,h3,p{display:block}
table{display:table;box-sizing:border-box}
colgroup{display:table-column-group}
col{display:table-column}
thead{display:table-header-group}
tbody{display:table-row-group}
tr{display:table-row;break-inside:avoid}
th,td{display:table-cell}
br::before{content:"\\A";white-space:pre-line}
bdi{unicode-bidi:isolate}"""


class RendererMissing(RuntimeError):
    """Reports can't be made on this machine yet; the message says what to install."""


class PageRefused(ValueError):
    """The page is too large or is not well-formed XML of ours."""


def fontconfig(cache: Path) -> Path:
    """Write our fontconfig file into `cache` and return its path; the same text if it is there already.

    It names one folder of fonts, ours, so that the machine's own fonts can't change a report.
    """
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / "fonts.conf"
    text = (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">\n<fontconfig>'
        f"<dir>{escape(str(FONTS))}</dir><cachedir>{escape(str(cache.resolve()))}</cachedir></fontconfig>\n"
    )
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        with tempfile.NamedTemporaryFile(
            "w", dir=cache, prefix="fonts-", delete=False, encoding="utf-8"
        ) as draft:
            draft.write(text)
        Path(draft.name).replace(target)  # two workers may start at once
    return target


def preload(root: Path) -> int:
    """Load the private copy of Pango's libraries below `root`; returns how many were loaded.

    A library that is already in the process satisfies a later look-up by the same name, so neither
    LD_LIBRARY_PATH nor root is needed. Libraries are tried until a pass loads nothing new, which finds
    the order of dependencies.
    """
    waiting = sorted(path for path in root.rglob("*.so.*") if not path.is_symlink())
    count = len(waiting)
    while waiting:
        left = [path for path in waiting if not _loads(path)]
        if len(left) == len(waiting):
            break
        waiting = left
    return count - len(waiting)


def warm(cache: Path | None = None) -> None:
    """Import WeasyPrint with our fonts and parse the style sheets; later calls do nothing.

    `cache`: folder for fontconfig's file and cache (a fresh temporary one if not given).
    Raises RendererMissing.
    """
    _use_our_fonts(cache)
    _renderer()


def render(xml: str, paper: str = "letter") -> bytes:
    """The PDF/UA-1 of a page; `paper` is "letter" or "a4".

    Raises PageRefused, RendererMissing, KeyError for another paper.
    """
    styles = PAPERS[paper]
    if len(xml) > LARGEST_PAGE:
        raise PageRefused(f"The page has {len(xml):,} characters; {LARGEST_PAGE:,} is the limit.")
    if "<!ENTITY" in xml:
        raise PageRefused("The page declares entities; our templates have none.")
    warm()
    with _one_at_a_time():
        return _renderer()(xml, styles)


_lock = threading.Lock()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Fonts are shared, so one page at a time; the garbage collector rests meanwhile (8 % of the time)."""
    with _lock:
        was_on = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if was_on:
                gc.enable()


def _loads(path: Path) -> bool:
    try:
        ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return False
    return True


def _use_our_fonts(cache: Path | None) -> None:
    """Point fontconfig at our file unless it is already; must happen before the import."""
    present = os.environ.get("FONTCONFIG_FILE")
    if present and f"<dir>{escape(str(FONTS))}</dir>" in _text(Path(present)):
        return
    if cache is None:
        cache = Path(tempfile.mkdtemp(prefix="lightq-fonts-"))
        atexit.register(shutil.rmtree, cache, ignore_errors=True)
    os.environ["FONTCONFIG_FILE"] = str(fontconfig(cache))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


@functools.cache
def _renderer() -> Callable[[str, tuple[str, ...]], bytes]:
    """WeasyPrint with everything that all pages share: fonts, parsed style sheets, element sheet."""
    if not any(FONTS.glob("*.ttf")):
        raise RendererMissing(f"No fonts in {FONTS}. Get the folder back from the repository.")
    if (ROOT / ".syslibs").is_dir():
        preload(ROOT / ".syslibs")
    try:
        from weasyprint import CSS, HTML  # noqa: PLC0415
        from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415
        from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except (ImportError, OSError) as error:
        raise RendererMissing(
            "PDF reports can't be made: Pango is missing. As root: apt-get install libpango-1.0-0 "
            "libpangoft2-1.0-0 libharfbuzz-subset0. Without root: run ./lightq again, it unpacks a copy "
            f"of its own. ({error.__class__.__name__})"
        ) from error
    import cssselect2  # noqa: PLC0415

    class Nothing(URLFetcher):  # type: ignore[misc]
        """Every address is refused, also file: and data:."""

        def fetch(self, *_: object) -> Any:
            raise ValueError("pages and style sheets load nothing")

    class Page(HTML):  # type: ignore[misc]
        """A page parsed by the standard library: our templates are well-formed XML."""

        def __init__(self, root: ElementTree.Element) -> None:
            self.base_url = None
            self.url_fetcher = Nothing()
            self.media_type = "print"
            self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
            self.etree_element = self.wrapper_element.etree_element

        def _ua_stylesheets(self, *_: object) -> list[Any]:
            return [elements]

    fonts = FontConfiguration()
    atexit.register(_renderer.cache_clear)  # at the very end it can't clean up after itself any more
    elements = CSS(string=ELEMENTS, url_fetcher=Nothing())
    sheets = {
        name: CSS(string=(STYLES / name).read_text(encoding="utf-8"), url_fetcher=Nothing())
        for name in {name for names in PAPERS.values() for name in names}
    }

    def to_pdf(xml: str, styles: tuple[str, ...]) -> bytes:
        try:
            root = ElementTree.fromstring(xml)  # noqa: S314 - entities are refused in render()
        except ElementTree.ParseError as error:
            raise PageRefused(f"The page is not well-formed: {error}") from None
        # No pdf_identifier: it is optional in PDF/UA, and writing one packs every stream twice (6 %).
        made: bytes = Page(root).write_pdf(
            stylesheets=[sheets[name] for name in styles], font_config=fonts, pdf_variant="pdf/ua-1"
        )
        return made

    return to_pdf
