"""Check and run public applications as `previewer init` leaves them, and write ``docs/gallery.md``.

``python -m scripts.gallery FOLDER`` looks for clones of them in FOLDER (``OWNER+NAME``), and clones those that are
not there where the network allows it. Each is checked; with ``--run`` it is run with its own images too, and with
``--stand-ins`` with a small image in the place of each of its own: then what is tried is its wiring, not its
programs. ``--write`` writes the page.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "gallery.md"
STAND_IN = "previewer-test/base:1"
"""An image with nothing but busybox, which the tests build."""
SECONDS = 300


@dataclass(frozen=True, slots=True)
class Application:
    """A public repository at one commit."""

    repository: str
    """``OWNER/NAME`` on GitHub."""
    commit: str
    source: str = ""
    """What ``--from`` names, where there are several files to begin with."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one."""

    application: Application
    services: str
    needs: tuple[str, ...]
    """What `init` writes for it."""
    outcome: str


APPLICATIONS = (
    Application("bluesky-social/pds", "d023aa873c27668f1f22c980505c5de917088386"),
    Application(
        "docker/awesome-compose", "18f59bdb09ecf520dd5758fbf90dec314baec545", "nginx-golang-mysql/compose.yaml"
    ),
    Application("docker/getting-started-app", "f2d13b8483f33e7dc6255014cbfd4b528d60bc22"),
    Application("dockersamples/example-voting-app", "63e9150ca17af4ed05880d4245e486481f73fcb4"),
    Application("dockersamples/todo-list-app", "5a6fbf5caf982f1d928fe6c1c32aa74f1e95e063"),
    Application("dani-garcia/vaultwarden", "46d71107f5094460dd5ecbe1dbac6e6c71e5189a"),
    Application("dunglas/symfony-docker", "275b3d8047dcd2fa8539a95147aead21e8e9706f"),
    Application("fastapi/full-stack-fastapi-template", "68adb40d37425f6f8668ec7e5a054500d045e43e"),
    Application("firefly-iii/docker", "841e328345ce10ca8eaebbda4d3a42c628bc0dc2"),
    Application("formbricks/formbricks", "b66c1dd978af618a0e402bd3343b456bed68594c", "docker/docker-compose.yml"),
    Application("getredash/redash", "ca79fe988d81cdac9675b412f3dfcab107bc1fbc"),
    Application("gothinkster/django-realworld-example-app", "29c9d42831fa0cfc5a4aa7561f674396eacf20a2"),
    Application("healthchecks/healthchecks", "29b5ec251059034b79e0120e2ff0c3e35d7bd9f8"),
    Application("hedgedoc/container", "81748a94f88b7b9cd9c26b04b7554d7c5046e823"),
    Application("hoppscotch/hoppscotch", "afc2cf181c16e56647b099e5d18cfe55710c6cdd"),
    Application("invoiceninja/dockerfiles", "0c497ce5ec676292a2b2f27d0076fcbd34e95b8f"),
    Application("jitsi/docker-jitsi-meet", "2e6b31d8334998cb26ceef913a8e172fe9b93686"),
    Application("knadh/listmonk", "911e0b774abad4fbf7b534be43a34a80fb6ace5b"),
    Application("langfuse/langfuse", "62751446149b702b419a9292ddfc2280cdf74b8c"),
    Application("linkwarden/linkwarden", "7550ebb8907e0cd22e8b3e0785bf3da03ab96e3a"),
    Application("lobsters/lobsters", "57268d762e1c2c95b7a8e64ee8deb259cddd8cc0"),
    Application("mattermost/docker", "7d9d7bff8531029802884a1d1e211246ec8d2c08"),
    Application("mealie-recipes/mealie", "b5643a9399465d8b4ea339e7a6639df2d697741b", "docker/docker-compose.yml"),
    Application("netbox-community/netbox-docker", "27bf52cf3ea882324273fbabbf23f0af6a194f12"),
    Application(
        "nextcloud/docker",
        "4de1eed65a44c61ecce601ef1d27abd2059b52e6",
        ".examples/docker-compose/insecure/postgres/apache/compose.yaml",
    ),
    Application("nickjj/docker-django-example", "25de410956b80fe4e3388296a58106c03b5b3647"),
    Application("nickjj/docker-flask-example", "0f36a9d7965e652c4b675053c8ccdf2de2170d7f"),
    Application("nickjj/docker-node-example", "9c1d9701654dac6c86cc2dcb24271ffc500bc070"),
    Application("nickjj/docker-phoenix-example", "b3ebb7a5509d41b238e9dc7c06ce617b0309710f"),
    Application("nickjj/docker-rails-example", "5f7b18138c584f247c6c95d941a0daec89c2e97a"),
    Application("outline/outline", "d77dcdf853868c5d5fe125c895c9b71f0eff5c68"),
    Application("paperless-ngx/paperless-ngx", "b0e0e8a35373a5d9d588a507cb63c79e50a23403"),
    Application("plausible/community-edition", "4ebc0f66316d9256b9a7d59fb664e8b820814017"),
    Application("saleor/saleor-platform", "fe0a737b5ad74cc3722594f7f17e1135c1287398"),
    Application("spree/spree_starter", "fe934e6bbcc034ecfdbfbd86d4af0a2ee039f06a"),
    Application("spring-petclinic/spring-petclinic-microservices", "9a76b4e34cd75f3d6bfa6f15775bf996c59e8989"),
    Application("spring-projects/spring-petclinic", "edf4db28affcc4741c79850a3d95bc3f177b5ff9"),
    Application("umami-software/umami", "c0ea3aefbee7a3429ee2f824b06dc4a9dbe0b7e1"),
    Application("usememos/memos", "76a762924306e782871204f131f4033be5e8e41a"),
    Application("wagtail/bakerydemo", "8e2b625755d8942412d5b7627b146a795933b8b2"),
    Application("wger-project/docker", "800fe02e75fadf62f6cba5fd810f6c496f98ea3f"),
)


class Checkout:
    """A clone whose HEAD is an application's commit; its working tree has what `init` writes, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def make(cls, application: Application, clones: Path, folder: Path) -> Checkout:
        """A clone of the clone in ``clones``, which is made where it is not there."""
        clone = clones / application.repository.replace("/", "+")
        if not clone.exists():
            url = f"https://github.com/{application.repository}.git"
            subprocess.run(["git", "clone", "--quiet", "--no-checkout", url, str(clone)], check=True)
        subprocess.run(
            ["git", "clone", "--quiet", "--shared", "--no-checkout", str(clone), str(folder)], check=True
        )
        made = cls(folder)
        made.git("update-ref", "--no-deref", "HEAD", application.commit)
        made.git("read-tree", "HEAD")
        return made

    def git(self, *arguments: str) -> None:
        """Run git in it."""
        identity = ("-c", "user.name=gallery", "-c", "user.email=gallery@localhost")
        subprocess.run(["git", "-C", str(self.folder), *identity, *arguments], check=True, capture_output=True)

    def previewer(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run previewer in it."""
        return subprocess.run(
            [sys.executable, "-m", "previewer", "--repo", str(self.folder), *arguments],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, "CI": "1", "PREVIEWER_LIST_PACKAGES": "false"},
        )

    def commit(self, texts: Mapping[str, str]) -> None:
        """Add files to HEAD."""
        for path, text in texts.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            self.git("add", "--force", path)
        self.git("commit", "--quiet", "--message", "Add environment definitions")


def stand_ins(definition: Mapping[str, Any]) -> str:
    """Services of a Compose file that put the stand-in in the place of each image.

    It accepts connections on the ports that the service publishes or exposes; its health check says yes. What
    others want completed ends.
    """
    services: dict[str, object] = {}
    jobs = {
        name
        for service in definition["services"].values()
        for name, each in service.get("depends_on", {}).items()
        if each.get("condition") == "service_completed_successfully"
    }
    for name, service in definition["services"].items():
        ports = {int(port["target"]) for port in service.get("ports", []) if port.get("protocol") == "tcp"}
        ports |= {int(port) for port in service.get("expose", []) if str(port).isdecimal()}
        listen = " ".join(f"busybox httpd -p {port} -h /;" for port in sorted(ports))
        services[name] = {
            "image": STAND_IN,
            "run": "exit 0" if name in jobs else f"{listen} exec busybox sleep 100000",
        }
    return "\n".join(("services:", *(line for name, each in services.items() for line in _override(name, each))))


def _override(name: str, stand_in: Any) -> Iterator[str]:
    yield f"  {json.dumps(name)}:"
    yield f"    image: {stand_in['image']}"
    yield "    build: !reset null"
    yield "    platform: !reset null"
    yield "    user: !reset null"
    yield '    entrypoint: ["busybox", "sh", "-c"]'
    yield f"    command: !override [{json.dumps(stand_in['run'])}]"
    yield '    healthcheck: !override {test: ["CMD", "busybox", "true"], interval: 1s}'


def try_out(application: Application, clones: Path, *, run: bool, with_stand_ins: bool) -> Result:
    """Check it, and run it if asked."""
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout.make(application, clones, Path(folder) / application.repository.split("/")[1])
        chosen = ("--from", application.source) if application.source else ()
        checked = checkout.previewer("init", "--check", *chosen, "-o", "json")
        if not checked.stdout:
            return Result(application, "", (), f"**no**: {_reason(checked.stderr)}")
        checks = json.loads(checked.stdout)
        needs = tuple(check["detail"] for check in checks if check["check"] == "proposal")
        failed = [check for check in checks if check["verdict"] == "failed"]
        if failed:
            hint = f" ({failed[0]['hint']})" if failed[0]["hint"] else ""
            return Result(application, "", needs, f"**no**: {failed[0]['detail']}{hint}")
        runs = next(c["detail"].partition(" runs ")[2] for c in checks if c["check"] == "definition")
        if run:
            tried = checkout.previewer("init", "--try", *chosen, "-o", "json")
            outcome = f"**no**: {_reason(tried.stderr)}" if tried.returncode else _took(json.loads(tried.stdout))
        elif with_stand_ins:
            outcome = _with_stand_ins(checkout, chosen)
        else:
            outcome = "checked, not run"
        return Result(application, runs, needs, outcome)


def _took(checks: list[dict[str, str]]) -> str:
    return next(check["detail"] for check in checks if check["check"] == "up")


def _with_stand_ins(checkout: Checkout, chosen: tuple[str, ...]) -> str:
    checkout.previewer("init", *chosen)
    written = {
        str(path.relative_to(checkout.folder)): path.read_text()
        for path in (*(checkout.folder / "envs").glob("*.yaml"), *checkout.folder.glob("previewer.toml"))
    }
    checkout.commit(written)
    checkout.git("branch", "--force", "gallery")
    checkout.git("config", "previewer.defaultBranch", "refs/heads/gallery")
    printed = checkout.previewer("config", "HEAD", "-o", "json")
    if printed.returncode:
        return f"**no**: {_reason(printed.stderr)}"
    overrides = stand_ins(json.loads(printed.stdout))
    checkout.commit({"stand-ins.yaml": f"{overrides}\n"})
    files = ("-f", "envs/preview.yaml", "-f", "stand-ins.yaml")
    try:
        up = checkout.previewer("up", "HEAD", *files, "--name", "gallery", "--ttl", "1h")
        return f"**no**: {_reason(up.stderr)}" if up.returncode else "runs with stand-ins"
    finally:
        checkout.previewer("down", "gallery")
        checkout.previewer("prune", "--keep", "0", "--releases")


def _reason(told: str) -> str:
    """The error that a command reported, with its hint."""
    lines = told.splitlines()
    error = next((line.removeprefix("error: ") for line in lines if line.startswith("error: ")), told)
    hint = next((line.removeprefix("hint: ") for line in lines if line.startswith("hint: ")), "")
    return f"{error} ({hint})" if hint else error


def page_of(results: list[Result]) -> str:
    """The page."""
    return HEAD.format(count=len(results)) + "".join(map(_row, results))


def _row(result: Result) -> str:
    application = result.application
    link = f"[{application.repository}](https://github.com/{application.repository}/tree/{application.commit})"
    begun = f" `{application.source}`" if application.source else ""
    needs = "<br>".join(f"`{need.replace('|', chr(92) + '|')}`" for need in result.needs) or "nothing"
    outcome = " ".join(result.outcome.replace("|", "\\|").split())
    return f"| {link}{begun} | `{application.commit[:7]}` | {result.services or '–'} | {needs} | {outcome} |\n"


HEAD = """# Gallery

{count} public applications, none of them ours, each at one commit of its own, as `previewer init`
leaves it. The third column is what runs, the fourth is what `previewer init` writes besides including
the application's own files, and the last says what was tried:

- **checked**: `previewer init --check` finds nothing that keeps it from running.
- **with stand-ins**: `previewer up` ran the application's own Compose files, volumes, ports, networks
  and dependencies, with a small image in the place of each of its own. Nothing is said about its
  programs, nor how long they take.
- Where a time is given, its own images ran, and `up` took that long. No time is given for what was
  not measured.
- **no**: what is in the way, and the key or the file to write.

`python -m scripts.gallery FOLDER --write` makes this page: it takes clones from FOLDER or makes them,
and runs each application with `--run` (its own images) or `--stand-ins`.

| application | commit | runs | `init` writes | tried |
|---|---|---|---|---|
"""


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the clones are, or are made")
    parser.add_argument("--run", action="store_true", help="run each with its own images")
    parser.add_argument("--stand-ins", action="store_true", help="run each with stand-ins for its images")
    parser.add_argument("--only", default="", help="the applications whose name contains this")
    parser.add_argument("--write", action="store_true", help="write docs/gallery.md")
    given = parser.parse_args()
    results = []
    for application in APPLICATIONS:
        if given.only in application.repository:
            result = try_out(application, given.folder, run=given.run, with_stand_ins=given.stand_ins)
            print(application.repository, result.outcome, *result.needs, sep="\n  ", flush=True)
            results.append(result)
    if given.write:
        PAGE.write_text(page_of(results), encoding="utf-8")


if __name__ == "__main__":
    main()
