"""The built site, over http and from disk, in headless Chromium."""

import contextlib
import functools
import http.server
import shutil
import threading

import pytest

from tools import ROOT

FOLDER = ROOT / "site"


def pytest_ignore_collect(collection_path):
    """These tests need the site that `python -m tools.site` builds, and a browser: `.ci/run` has both."""
    return not (FOLDER / "index.html").exists() or None


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address():
    """Serve the site; return where."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=FOLDER)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # The first has no window to draw, which halves the time. It does not know how fast its network is, and would
        # load pictures from further away than Chromium does: 1,250 pixels.
        program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
        options = ["--no-sandbox", "--blink-settings=lazyLoadingImageMarginPxUnknown=1250"]
        yield playwright.chromium.launch(executable_path=program, args=options)


class Visit:
    """A page that is open, with what the browser complained of and what it asked of other machines."""

    def __init__(self, page, base):
        self.page, self.base, self.errors, self.outside = page, base, [], []
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        own = (base, "data:", f"blob:{base}", "blob:null")
        page.on("request", lambda request: request.url.startswith(own) or self.outside.append(request.url))

    def open(self, place):
        self.page.goto(self.base + place)
        return self.page


@pytest.fixture
def protocol():
    """A test with this as a parameter visits the site over "http" too."""
    return "file"


@pytest.fixture
def visit(request, browser, protocol):
    """Return a function that makes a `Visit`."""
    base = request.getfixturevalue("address") if protocol == "http" else f"file://{FOLDER}/"
    with contextlib.ExitStack() as contexts:
        yield lambda **settings: Visit(contexts.enter_context(browser.new_context(**settings)).new_page(), base)
