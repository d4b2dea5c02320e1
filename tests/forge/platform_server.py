"""The parts of GitHub's and GitLab's API that comments need, in their real shape, on this machine."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Reply = tuple[int, dict[str, str], object]
GITHUB_LIST = re.compile(r"/repos/ada/shop/issues/7/comments")
GITHUB_ONE = re.compile(r"/repos/ada/shop/issues/comments/(\d+)")
GITLAB_LIST = re.compile(r"/projects/42/merge_requests/7/notes")
GITLAB_ONE = re.compile(r"/projects/42/merge_requests/7/notes/(\d+)")
BOT = {"login": "github-actions[bot]", "type": "Bot", "id": 1}


class PlatformServer:
    """Comments of one pull request, and answers to give before they are looked at."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.before: list[Reply] = []
        """Given first, one a request: what an overloaded or refusing platform says."""
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.address = ""

    def add(self, body: str, author: dict[str, Any] = BOT) -> dict[str, Any]:
        """A comment that is there."""
        number = len(self.comments) + 1
        url = f"https://github.example/ada/shop/pull/7#issuecomment-{number}"
        self.comments.append({"id": number, "body": body, "user": author, "author": author, "html_url": url})
        return self.comments[-1]

    def answer(self, method: str, target: str, content: dict[str, Any]) -> Reply:
        """As the platform would."""
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if method == "GET" and path == "/user":
            return 200, {}, {"login": "ada", "id": 5}
        if method == "GET" and (GITHUB_LIST.fullmatch(path) or GITLAB_LIST.fullmatch(path)):
            size, page = int(query["per_page"][0]), int(query["page"][0])
            return 200, {}, self.comments[size * (page - 1) : size * page]
        if method == "POST" and (GITHUB_LIST.fullmatch(path) or GITLAB_LIST.fullmatch(path)):
            return 201, {}, self.add(content["body"])
        one = GITHUB_ONE.fullmatch(path) if method == "PATCH" else GITLAB_ONE.fullmatch(path)
        if method in ("PATCH", "PUT") and one:
            self.comments[int(one[1]) - 1]["body"] = content["body"]
            return 200, {}, self.comments[int(one[1]) - 1]
        return 404, {}, {"message": "Not Found"}


@contextmanager
def platform_server() -> Iterator[PlatformServer]:
    """Serve inside the block."""
    found = PlatformServer()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            content = json.loads(self.rfile.read(length)) if length else {}
            found.requests.append(f"{self.command} {urlsplit(self.path).path}")
            found.headers.append(dict(self.headers.items()))
            status, headers, body = (
                found.before.pop(0) if found.before else found.answer(self.command, self.path, content)
            )
            encoded = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(encoded))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(encoded)

        do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815 - the library's names

        def log_message(self, *_arguments: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
