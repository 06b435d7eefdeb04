"""The report in a real browser: nothing moves sideways, everything is drawn, and nothing is asked of the network."""

import functools
import html
import json
import re
import shutil
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from attnlaws import registry
from attnlaws.report import write_report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--disable-background-networking", "--window-size=1700,1000", "--timeout=60000")  # fmt: skip
WIDTHS = (360, 1600)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine"),
]

# The page runs no script, so the one that measures it stands in a page around it.
FRAME = """<!DOCTYPE html><title>frame</title><pre id="result"></pre>
<iframe id="page" style="border:0;width:%dpx;height:900px" src="%s"></iframe>
<script>
const frame = document.getElementById("page");
frame.onload = () => {
  const page = frame.contentDocument, root = page.documentElement, all = (s) => [...page.querySelectorAll(s)];
  all("details").forEach((d) => { d.open = true; });
  const size = (e) => { const r = e.getBoundingClientRect(); return [r.width, r.height]; };
  document.getElementById("result").textContent = JSON.stringify({
    inside: root.clientWidth, whole: root.scrollWidth,
    wide: all("body *").filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth
      && frame.contentWindow.getComputedStyle(e).overflowX === "auto").length,
    images: all("img").map((e) => [e.complete, e.naturalWidth, ...size(e)]),
    maths: all("math").map(size),
    fractions: all("mfrac").map((e) => [...e.children].map((c) => c.getBoundingClientRect()))
      .map(([a, b]) => b.top - a.bottom),
    background: frame.contentWindow.getComputedStyle(page.body).backgroundColor,
    asked: frame.contentWindow.performance.getEntriesByType("resource").map((e) => e.name),
    title: page.title,
  });
};
</script>
"""


@pytest.fixture(scope="module")
def folder(judged_once, tmp_path_factory):
    """A folder with the report of a store in which one law is judged."""
    return write_report(tmp_path_factory.mktemp("browser"), judged_once).parent


@pytest.fixture(scope="module")
def served(folder):
    """The address of a server of that folder, and the paths that were asked of it."""
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format, *arguments):
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def measured(folder, served, tmp_path_factory):
    """The function that opens a page at a width and measures it; the paths it asked for come along."""
    address, asked = served

    def measure(width, page="index.html"):
        (folder / "frame.html").write_text(FRAME % (width, page))
        asked.clear()
        profile = tmp_path_factory.mktemp("profile")
        command = [str(BROWSER), *FLAGS, f"--user-data-dir={profile}", "--dump-dom", f"{address}/frame.html"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        found = re.search(r'<pre id="result">(\{.*?\})</pre>', done.stdout, re.DOTALL)
        assert found, done.stderr
        # What the browser asks on its own account is not the page's doing.
        paths = {path for path in asked if path not in ("/frame.html", "/favicon.ico")}
        return json.loads(html.unescape(found[1])), paths

    return functools.cache(measure)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_never_moves_sideways(width, measured):
    found, _ = measured(width)
    assert found["inside"] in range(width - 20, width + 1)
    assert found["whole"] <= found["inside"]
    if width == min(WIDTHS):
        assert found["wide"] > 5, "wide tables and formulas scroll in their own boxes"


@pytest.mark.parametrize("width", WIDTHS)
def test_every_picture_is_drawn(width, measured):
    found, _ = measured(width)
    assert len(found["images"]) == 1
    for complete, natural, across, down in found["images"]:
        assert complete
        assert natural > 0
        assert 200 < across <= width
        assert down > 100


@pytest.mark.parametrize("width", WIDTHS)
def test_every_formula_is_set_as_mathematics(width, measured):
    found, _ = measured(width)
    assert len(found["maths"]) > 3 * len(registry.ids())
    assert all(across > 0 and down > 0 for across, down in found["maths"])
    # A browser without MathML would put numerator and denominator side by side.
    assert found["fractions"]
    assert all(gap > -1 for gap in found["fractions"])


def test_nothing_is_asked_of_the_network_and_the_style_is_there(measured):
    found, paths = measured(WIDTHS[0])
    assert paths == {"/index.html"}
    assert not [name for name in found["asked"] if not name.startswith("data:")]
    assert found["background"] not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")
    assert found["title"].startswith(f"attnlaws: {len(registry.ids())} laws")


def test_the_policy_keeps_what_is_slipped_in_from_loading(folder, measured):
    text = (folder / "index.html").read_text("utf-8")
    slipped = text.replace("</body>", '<img src="slipped.png" alt=""><script>document.title = "run"</script></body>')
    (folder / "slipped.html").write_text(slipped, "utf-8")
    (folder / "open.html").write_text(re.sub(r"<meta http-equiv[^>]*>", "", slipped), "utf-8")
    found, paths = measured(500, "slipped.html")
    assert paths == {"/slipped.html"}
    assert found["title"].startswith("attnlaws")
    found, paths = measured(500, "open.html")  # without the policy it would have loaded and run
    assert paths == {"/open.html", "/slipped.png"}
    assert found["title"] == "run"


def test_the_measure_sees_a_page_that_moves_sideways(folder, measured):
    text = (folder / "index.html").read_text("utf-8")
    (folder / "wide.html").write_text(text.replace("overflow-x: auto", "overflow-x: visible"), "utf-8")
    found, _ = measured(360, "wide.html")
    assert found["whole"] > found["inside"]
