"""`./lightq gallery --out DIR`: every client page in every state, in pictures.

Each state is reached once per language by a browser that presses the buttons a client would press, and is
then pictured at four widths, light and dark. `index.md` lists them; pages that no state has met are named,
and the exit code is then 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from bench import gallery_answer, gallery_kiosk, gallery_portal, gallery_screen
from bench.gallery_site import Site, running
from bench.gallery_walk import State, chromium, walking

STATES: dict[str, State] = {
    **gallery_answer.STATES,
    **gallery_portal.STATES,
    **gallery_kiosk.STATES,
    **gallery_screen.STATES,
}
LANGUAGES, SCHEMES = ("en", "es"), ("light", "dark")
#: Width -> height of the window, CSS pixels.
WIDTHS = {320: 640, 390: 844, 768: 1024, 1280: 800}
#: These pictures stand alone; the others of a state share one sheet.
ALONE = 390
#: A taller page is cut: what is below looks like what is above.
TALLEST = 1800
SHEET_WIDTH = 180


def main(arguments: list[str]) -> int:
    """Walk, picture, write the index; 1 where a page was met by no state or complained."""
    parser = argparse.ArgumentParser(prog="lightq gallery", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/gallery"))
    parser.add_argument("--only", default="", help="beginning of the names of the states wanted")
    options = parser.parse_args(arguments)
    wanted = {name: state for name, state in STATES.items() if name.startswith(options.only)}
    options.out.mkdir(parents=True, exist_ok=True)
    began, troubles = time.monotonic(), []
    with (
        tempfile.TemporaryDirectory(prefix="lightq-gallery-") as folder,
        chromium() as browser,
        running(Path(folder)) as site,
    ):
        for name, state in wanted.items():
            troubles += _picture(site, browser, name, state, options.out)
            print(f"{time.monotonic() - began:6.1f} s  {name}", flush=True)
        missing = [] if options.only else site.not_met()
    index(options.out)
    for line in (*troubles, *(f"no state meets {one}" for one in missing)):
        print(line, file=sys.stderr)
    return 1 if troubles or missing else 0


def _picture(site: Site, browser: Any, name: str, state: State, out: Path) -> list[str]:
    """All pictures of one state; what went wrong on the way."""
    sheet, troubles = [], []
    for lang in LANGUAGES:
        with walking(site, browser, lang) as walk:
            try:
                state(walk)
            except Exception as error:
                troubles.append(f"{name} {lang}: {str(error).splitlines()[0]}")
                continue
            for width, scheme, picture in pictures(walk.page):
                if width == ALONE:
                    save(picture, out / f"{name}-{lang}-{scheme}.webp")
                else:
                    sheet.append(picture)
            troubles += [f"{name} {lang}: {words}" for words in walk.complaints]
    if sheet:
        save(montage(sheet), out / f"{name}-sheet.webp")
    return troubles


def pictures(page: Any) -> Iterator[tuple[int, str, Image.Image]]:
    """(width, scheme, picture) of what the browser shows, without loading it again."""
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.evaluate("document.fonts.ready.then(() => null)")
            tall = page.evaluate("document.documentElement.scrollHeight")
            clip = {"x": 0, "y": 0, "width": width, "height": min(max(tall, height), TALLEST)}
            shot = page.screenshot(full_page=True, clip=clip, animations="disabled")
            yield width, scheme, Image.open(BytesIO(shot)).convert("RGB")


def montage(sheet: list[Image.Image]) -> Image.Image:
    """All pictures of one state side by side, in rows of six, each as wide as a thumb."""
    small = [one.resize((SHEET_WIDTH, round(one.height * SHEET_WIDTH / one.width))) for one in sheet]
    rows = [small[at : at + 6] for at in range(0, len(small), 6)]
    heights = [max(one.height for one in row) + 12 for row in rows]
    whole = Image.new("RGB", (6 * (SHEET_WIDTH + 12) + 12, sum(heights) + 12), "#8a8a8a")
    for number, row in enumerate(rows):
        for place, one in enumerate(row):
            whole.paste(one, (12 + place * (SHEET_WIDTH + 12), 12 + sum(heights[:number])))
    return whole


def save(picture: Image.Image, path: Path) -> None:
    """As WebP: a third of the size of PNG."""
    picture.save(path, "WEBP", quality=34, method=6)


def index(out: Path) -> None:
    """`index.md` over all pictures that lie in the folder."""
    there = {path.name for path in out.glob("*.webp")}
    lines = [
        "# Every client page",
        "",
        "Made by `./lightq gallery`; everybody in the pictures is invented. 390 px wide, light and dark,",
        "English and Spanish; the sheet behind a name has 320, 768 and 1280 px, a row per language.",
        "",
    ]
    for name in STATES:
        shots = [f"{name}-{lang}-{scheme}.webp" for lang in LANGUAGES for scheme in SCHEMES]
        if not set(shots) & there:
            continue
        sheet = f"{name}-sheet.webp"
        lines += [f"## [{name}]({sheet})" if sheet in there else f"## {name}", ""]
        lines += [
            " ".join(f'<img src="{one}" alt="{one[:-5]}" width="195">' for one in shots if one in there),
            "",
        ]
    (out / "index.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
