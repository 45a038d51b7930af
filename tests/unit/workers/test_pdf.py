from __future__ import annotations

import gc
import http.server
import importlib.util
import io
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pypdf
import pytest

from delivery.report_page import page
from tests.unit.workers import samples
from workers import pdf

ROOT = Path(__file__).resolve().parents[3]


def child(
    code: str, cwd: Path, path: Path = ROOT, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run Python code in a process of its own with a bare environment."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{path}{os.pathsep}{ROOT}", **(env or {})},
        capture_output=True,
        check=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return {name: pdf.render(page(build())) for name, build in samples.ALL.items()}


def texts(data: bytes) -> list[str]:
    return [" ".join(one.extract_text().split()) for one in pypdf.PdfReader(io.BytesIO(data)).pages]


def streams(data: bytes) -> bytes:
    """Every stream of a PDF, unpacked."""
    with pikepdf.open(io.BytesIO(data)) as document:
        return b"".join(one.read_bytes() for one in document.objects if isinstance(one, pikepdf.Stream))


# The document


@pytest.mark.parametrize(
    ("name", "pages"), [("phq9", 2), ("blank_risk", 2), ("all_blank", 2), ("pcl5", 2), ("audit_c", 1)]
)
def test_a_report_has_its_pages_and_is_small(made: dict[str, bytes], name: str, pages: int) -> None:
    assert len(pypdf.PdfReader(io.BytesIO(made[name])).pages) == pages
    assert len(made[name]) < 60_000


def test_every_page_has_its_number_and_names_the_client(made: dict[str, bytes]) -> None:
    for number, words in enumerate(texts(made["phq9"]), 1):
        assert f"Page {number} of 2" in words
        assert "Elena R. · PHQ-9, 20 Nov 2026 · definition 1, scoring 1.4.0" in words


def test_the_words_can_be_read_back(made: dict[str, bytes]) -> None:
    first, *_ = texts(made["phq9"])
    assert "Read first: question 9" in first
    assert "Reliable improvement since the first, 5 Jun: 7 points lower, 21 to 14." in first
    assert "9. Thoughts that you would be better off dead" in first


def test_the_document_is_tagged_with_language_title_and_headers(made: dict[str, bytes]) -> None:
    with pikepdf.open(io.BytesIO(made["phq9"])) as document:
        assert str(document.Root.Lang) == "en"
        assert document.Root.MarkInfo.Marked
        assert document.Root.ViewerPreferences.DisplayDocTitle
        assert str(document.docinfo.Title) == "Elena R., PHQ-9, 20 Nov 2026"
        assert str(document.docinfo.CreationDate).startswith("D:20261121033905")
        with document.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
        kinds: dict[str, int] = {}
        alt: list[str] = []
        todo = [document.Root.StructTreeRoot]
        while todo:
            node = todo.pop()
            if isinstance(node, pikepdf.Array):
                todo.extend(node)
            elif isinstance(node, pikepdf.Dictionary) and ("/S" in node or "/K" in node):
                kind = str(node.get("/S", ""))
                kinds[kind] = kinds.get(kind, 0) + 1
                if "/Alt" in node:
                    alt.append(str(node.Alt))
                if "/K" in node:
                    todo.append(node.K)
    assert kinds["/H1"] == 1
    assert kinds["/H2"] == 4
    assert kinds["/Table"] == 1
    assert kinds["/TH"] == 5 + 10
    assert kinds["/Figure"] == 1
    assert alt[0].startswith("PHQ-9, scale from 0 to 27: now 14, in the band Moderate")


def test_no_letter_is_smaller_than_seven_and_a_half_points(made: dict[str, bytes]) -> None:
    sizes: set[float] = set()

    def note(text: str, cm: list[float], tm: list[float], font: object, size: float) -> None:
        if text.strip():
            scale = abs(tm[3] * cm[3]) or abs(tm[1] * cm[2])
            sizes.add(round(size * scale, 2))

    for data in made.values():
        for one in pypdf.PdfReader(io.BytesIO(data)).pages:
            one.extract_text(visitor_text=note)
    assert min(sizes) == 7.5


def test_letter_is_the_rule_and_a4_a_choice() -> None:
    xml = page(samples.audit_c())
    boxes = [pypdf.PdfReader(io.BytesIO(pdf.render(xml, one))).pages[0].mediabox for one in ("letter", "a4")]
    assert [(round(float(b.width)), round(float(b.height))) for b in boxes] == [(612, 792), (595, 842)]
    with pytest.raises(KeyError):
        pdf.render(xml, "legal")


# Names


@pytest.mark.parametrize(
    "name",
    ["ليلى الحسن", "陳美玲", "王小明", "김민준", "さくら", "Наталья", "Γιώργος", "Nguyễn Thị Hà", "ไทย 𓀀 ￼"],
)
def test_a_name_in_any_script_is_drawn_with_our_own_fonts(name: str) -> None:
    data = pdf.render(page(samples.named(name)))
    with pikepdf.open(io.BytesIO(data)) as document:
        fonts = {
            str(one.BaseFont).split("+")[1]
            for one in document.objects
            if isinstance(one, pikepdf.Dictionary) and "/BaseFont" in one
        }
    assert fonts
    assert all(font.startswith(("Atkinson-Hyperlegible-Next", "LightQ-Fallback")) for font in fonts)


def test_names_in_other_scripts_can_be_copied_from_the_page() -> None:
    assert "陳美玲 김민준" in texts(pdf.render(page(samples.named("陳美玲 김민준"))))[0]


@pytest.mark.parametrize("name", ["W" * 300, "Maria del Carmen " * 20, "ا" * 200, "", " "])
def test_very_long_and_empty_names_leave_the_page_whole(name: str) -> None:
    words = texts(pdf.render(page(samples.named(name, name, name))))
    assert any("About this report" in one for one in words)


# Equal bytes

COPY = """
import sys, time_machine
from tests.unit.workers import samples
from delivery.report_page import page
from workers import pdf
with time_machine.travel("2031-02-03T04:05:06Z"):
    sys.stdout.buffer.write(pdf.render(page(samples.named("ليلى 陳 R."))))
"""


@pytest.mark.parametrize(
    "env",
    [
        {"TZ": "Asia/Kathmandu", "LANG": "ar_EG.UTF-8", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"},
        {"TZ": "America/Adak", "LANG": "ja_JP.UTF-8", "PYTHONHASHSEED": "2", "SOURCE_DATE_EPOCH": "1"},
    ],
)
def test_another_process_place_zone_locale_and_day_make_the_same_bytes(
    tmp_path: Path, env: dict[str, str]
) -> None:
    here = pdf.render(page(samples.named("ليلى 陳 R.")))
    assert child(COPY, cwd=tmp_path, env=env).stdout == here


def test_a_copy_of_the_program_in_another_folder_makes_the_same_bytes(tmp_path: Path) -> None:
    for part in ("delivery", "workers", "templates"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    done = child(COPY + "sys.stderr.write(pdf.__file__)", cwd=tmp_path, path=tmp_path)
    assert done.stderr.decode() == str(tmp_path / "workers" / "pdf.py")
    assert done.stdout == pdf.render(page(samples.named("ليلى 陳 R.")))


def test_the_order_of_pages_made_before_does_not_matter() -> None:
    xml = page(samples.phq9())
    first = pdf.render(xml)
    pdf.render(page(samples.named("陳美玲")))
    assert pdf.render(xml) == first


# Nothing is reached


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A server that notes every path anyone asks it for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


HOSTILE = (
    '<img src="{at}/img"/>',
    '<link rel="stylesheet" href="{at}/sheet.css"/>',
    '<link rel="attachment" href="{at}/attached"/>',
    '<a rel="attachment" href="{at}/attached">x</a>',
    "<style>@import url({at}/import.css);</style>",
    "<style>@font-face{{font-family:F;src:url({at}/font.woff2)}} p{{font-family:F}}</style>",
    "<style>p{{background:url({at}/back)}} p::before{{content:url({at}/content)}}</style>",
    "<style>@page{{@top-left{{content:url({at}/margin)}}}} li{{list-style-image:url({at}/list)}}</style>",
    '<p style="background-image:url({at}/inline);border-image-source:url({at}/border)">x</p>',
    '<object data="{at}/object" type="image/png"></object>',
    '<embed src="{at}/embed"/>',
    '<iframe src="{at}/frame"></iframe>',
    '<base href="{at}/"/><img src="relative"/>',
    '<meta http-equiv="refresh" content="0;url={at}/refresh"/>',
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{at}/svg" width="9"/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" '
    'height="9"><image xlink:href="{at}/xlink" width="9"/><use xlink:href="{at}/use#a"/></svg>',
    '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{at}/include" parse="text"/>',
)


@pytest.mark.parametrize("markup", HOSTILE)
def test_a_page_reaches_neither_the_network_nor_a_file(
    markup: str, listener: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, asked = listener
    secret = tmp_path / "secret.txt"
    secret.write_text("canary-5f1d", encoding="utf-8")
    for at in (address, tmp_path.as_uri(), secret.as_uri() + "?", "data:text/plain,canary-5f1d;"):
        head, body = (
            (markup, "") if markup.startswith(("<link", "<style", "<base", "<meta")) else ("", markup)
        )
        xml = f"<html><head>{head}</head><body><p>x</p>{body}</body></html>"
        data = pdf.render(xml.format(at=at))
        assert b"canary-5f1d" not in streams(data)
        with pikepdf.open(io.BytesIO(data)) as document:
            assert not document.attachments
    assert asked == []


GREEDY_SHEET = """
import sys
from pathlib import Path
from workers import pdf
sheet = (pdf.STYLES / "report.css").read_text()
more = "@font-face{font-family:X;src:url(%s)} p{background:url(%s)}" % (AT, AT)
Path("report.css").write_text(sheet + more)
Path("report-a4.css").write_text("@import url(%s);" % AT)
pdf.STYLES = Path.cwd()
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
pdf.render("<html><body style='font-family:X'><p>x</p></body></html>", "a4")
assert any(name.endswith("report.css") for name in opened)
print(AT.removeprefix("file://") in opened)
"""


@pytest.mark.parametrize("path", ["/etc/passwd", str(ROOT / "pyproject.toml"), str(pdf.FONTS / "OFL.txt")])
def test_the_style_sheets_load_nothing_either(path: str, tmp_path: Path) -> None:
    done = child(f"AT = 'file://{path}'\n{GREEDY_SHEET}", cwd=tmp_path)
    assert done.stdout.decode().strip() == "False"


# What is refused


def test_a_page_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(pdf.PageRefused, match="500,000 is the limit"):
        pdf.render("<" * (pdf.LARGEST_PAGE + 1))


@pytest.mark.parametrize(
    "xml", ["", "no markup", "<p>open", "<html><p></html>", "<p>\x00</p>", "<p>&nbsp;</p>"]
)
def test_text_that_is_not_well_formed_is_refused(xml: str) -> None:
    with pytest.raises(pdf.PageRefused, match="not well-formed"):
        pdf.render(xml)


def test_entities_are_refused() -> None:
    bomb = '<!DOCTYPE html [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]><html>&a;&b;</html>'
    with pytest.raises(pdf.PageRefused, match="entities"):
        pdf.render(bomb)


# Starting


def test_no_temporary_file_stays_behind(tmp_path: Path) -> None:
    code = "from workers import pdf\npdf.render('<html><body><p>x</p></body></html>')"
    done = child(code, cwd=tmp_path, env={"TMPDIR": str(tmp_path)})
    assert done.stderr == b""
    assert list(tmp_path.iterdir()) == []


def test_importing_the_module_does_not_import_the_renderer(tmp_path: Path) -> None:
    code = "import sys\nfrom workers import pdf\nassert 'weasyprint' not in sys.modules\npdf.warm()\n"
    child(code + "assert 'weasyprint' in sys.modules", cwd=tmp_path)


def test_a_machine_without_pango_gets_plain_words(tmp_path: Path) -> None:
    code = """
import ctypes, cffi
def refuse(self, name, *rest): raise OSError("cannot load library")
cffi.FFI.dlopen = refuse
from workers import pdf
try:
    pdf.warm()
except pdf.RendererMissing as error:
    print(error)
"""
    said = child(code, cwd=tmp_path).stdout.decode()
    assert "Pango is missing" in said
    assert "apt-get install libpango-1.0-0" in said


def test_a_missing_font_folder_is_said_before_the_renderer_can_crash(tmp_path: Path) -> None:
    code = """
from pathlib import Path
from workers import pdf
pdf.FONTS = Path.cwd()
try:
    pdf.warm()
except pdf.RendererMissing as error:
    print(error)
"""
    assert "No fonts in" in child(code, cwd=tmp_path).stdout.decode()


def test_our_font_file_is_used_whatever_the_environment_says(tmp_path: Path) -> None:
    code = """
import os
from pathlib import Path
from workers import pdf
pdf.warm(Path.cwd() / "cache")
print(os.environ["FONTCONFIG_FILE"])
"""
    foreign = (
        child(code, cwd=tmp_path, env={"FONTCONFIG_FILE": "/etc/fonts/fonts.conf"}).stdout.decode().strip()
    )
    assert foreign == str(tmp_path / "cache" / "fonts.conf")
    ours = pdf.fontconfig(tmp_path / "given")
    assert child(code, cwd=tmp_path, env={"FONTCONFIG_FILE": str(ours)}).stdout.decode().strip() == str(ours)


def test_the_font_file_names_our_fonts_only_and_is_written_once(tmp_path: Path) -> None:
    first = pdf.fontconfig(tmp_path / "a & b")
    text = first.read_text(encoding="utf-8")
    assert text.count("<dir>") == 1
    assert f"<dir>{pdf.FONTS}</dir>" in text
    assert "a &amp; b</cachedir>" in text
    stamp = first.stat().st_ino
    assert pdf.fontconfig(tmp_path / "a & b").stat().st_ino == stamp
    first.write_text("broken", encoding="utf-8")
    assert pdf.fontconfig(tmp_path / "a & b").read_text(encoding="utf-8") == text
    assert [one.name for one in (tmp_path / "a & b").iterdir()] == ["fonts.conf"]


def test_private_libraries_are_loaded_and_broken_ones_passed_over(tmp_path: Path) -> None:
    (tmp_path / "usr").mkdir()
    (tmp_path / "usr" / "libbroken.so.1").write_bytes(b"not a library")
    assert pdf.preload(tmp_path) == 0
    spec = importlib.util.find_spec("_cffi_backend")
    assert spec is not None
    assert spec.origin is not None
    shutil.copy(spec.origin, tmp_path / "usr" / "libgood.so.1")
    (tmp_path / "usr" / "liblink.so.1").symlink_to("libgood.so.1")
    assert pdf.preload(tmp_path) == 1
    assert pdf.preload(tmp_path / "absent") == 0


@pytest.mark.parametrize("on", [True, False])
def test_the_garbage_collector_is_left_as_it_was(on: bool) -> None:
    was = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        pdf.render("<html><body><p>x</p></body></html>")
        assert gc.isenabled() is on
        with pytest.raises(pdf.PageRefused):
            pdf.render("<p>")
        assert gc.isenabled() is on
    finally:
        (gc.enable if was else gc.disable)()
