"""A real browser, of the machine's own packages, without a window."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

BROWSERS = ("chromium", "google-chrome", "chromium-browser")


@contextmanager
def open_browser() -> Iterator[Chrome]:
    """One browser with one profile, which is gone afterwards. The test is skipped where there is none."""
    driver = shutil.which("chromedriver")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if driver is None or program is None:
        pytest.skip("no chromium with its driver is installed (packages chromium, chromium-driver)")
    options = ChromeOptions()
    options.binary_location = program
    with tempfile.TemporaryDirectory(prefix="previewer-browser-", ignore_cleanup_errors=True) as profile:
        arguments = ("--headless=new", "--no-sandbox", "--no-proxy-server", "--disable-dev-shm-usage")
        for argument in (*arguments, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        found = Chrome(options=options, service=Service(driver))
        try:
            found.set_script_timeout(60)
            yield found
        finally:
            found.quit()
