"""What is kept of a run that failed: logs, health, plan, inspection, and what was reported, as files."""

from __future__ import annotations

import json
import tarfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from previewer.domain.compose.references import map_texts
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.environment.environment import Environment
from previewer.domain.json_value import JsonObject, JsonValue, canonical_json
from previewer.domain.progress import Event, Noted, Outcome, Report, TaskFinished, TaskOutput, TaskStarted
from previewer.domain.release.release import manifest_of
from previewer.domain.units import format_time
from previewer.engine.protocol import LogLine, LogOptions
from previewer.errors import PreviewerError
from previewer.operations.up import plan_up
from previewer.records.environments import find_environment
from previewer.records.masking import mask_of
from previewer.session.session import Session

MOST_EVENTS = 20_000
"""Lines of what was reported; a build may say more, of which the last are kept."""
MOST_LINES = 20_000
"""Lines of each container's log."""


class Evidence:
    """Looks on while an environment comes up, because a failed `up` undoes what it made; writes only when told."""

    def __init__(self, session: Session, folder: Path, environment: str) -> None:
        """``folder`` gets one of the environment's name, and an archive of it."""
        self._session = session
        self._environment = environment
        self.folder = folder / environment
        self.archive = folder / f"{environment}.tar.gz"
        self._events: list[str] = []
        self._stages: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._lock = threading.Lock()

    @property
    def has_begun(self) -> bool:
        """Whether anything was done that could be told of."""
        return bool(self._events)

    def listening(self, report: Report) -> Report:
        """Report to ``report``, and keep it. A step that fails is looked into before it is undone."""

        def keep(event: Event) -> None:
            with self._lock:
                self._events.append(_line_of(event))
                del self._events[:-MOST_EVENTS]
                if isinstance(event, TaskStarted):
                    self._stages[event.task] = event.stage
            report(event)
            failed = event.task if isinstance(event, TaskFinished) and event.outcome is Outcome.FAILED else ""
            if self._stages.get(failed) == "run" and not self._files:
                self.capture()

        return keep

    def capture(self) -> None:
        """Look at the environment as it is now. What cannot be seen is left out, and says so."""
        try:
            environment = find_environment(self._session, self._environment)
            redact = mask_of(self._session, environment.ownership.release)
            self._files["health.json"] = _json(_health(environment))
            for name, lines in self._logs(environment).items():
                self._files[f"logs/{name}.log"] = redact("".join(map(_log_line, lines)))
            seen = self._session.examiner.examine(self._session.source.installation, environment=self._environment)
            fields = {container.name: dict(container.fields) for container in seen.containers}
            self._files["inspection.json"] = _json(map_texts(fields, redact))
            if (release := self._session.known_release(environment.ownership.release)) is not None:
                self._files["release.json"] = canonical_json(map_texts(manifest_of(release), redact)).decode()
        except PreviewerError as error:
            self._files["missing.txt"] = f"the environment could not be looked at: {error}\n"

    def write(self, revision: str, request: DeployRequest, about: JsonObject) -> None:
        """Write it all, once the environment is gone: then the plan is what was done. Raises :class:`OSError`."""
        try:
            self._files["plan.txt"] = plan_up(self._session, revision, request).text() + "\n"
        except PreviewerError as error:
            self._files["plan.txt"] = f"there is no plan: {error}\n"
        self._files["events.txt"] = "".join(f"{line}\n" for line in self._events)
        self._files["run.json"] = _json(about)
        self.folder.mkdir(parents=True, exist_ok=True)
        # No commit is to have it by accident, and `up` does not count it among uncommitted changes.
        self.folder.with_name(".gitignore").write_text("*\n")
        for name, text in self._files.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        with tarfile.open(self.archive, "w:gz") as archive:
            archive.add(self.folder, arcname=self.folder.name)

    def _logs(self, environment: Environment) -> Mapping[str, list[LogLine]]:
        containers = [container.name for service in environment.services for container in service.containers]
        found: dict[str, list[LogLine]] = {name: [] for name in containers}
        stream = self._session.engine.logs(containers, LogOptions(tail=MOST_LINES))
        try:
            for batch in stream:
                for line in batch:
                    found[line.container].append(line)
        finally:
            with suppress(PreviewerError):
                stream.close()
        return found


def _health(environment: Environment) -> JsonObject:
    services: list[JsonValue] = [
        {
            "service": service.name,
            "state": service.state.value,
            "containers": [
                {
                    "name": container.name,
                    "state": container.state.value,
                    "health": container.health.value,
                    "exit_code": container.exit_code,
                }
                for container in service.containers
            ],
            "urls": list(service.urls),
        }
        for service in environment.services
    ]
    return {"environment": environment.name, "state": environment.state.value, "services": services}


def _line_of(event: Event) -> str:
    match event:
        case TaskStarted(task, stage):
            return f"… {task}  ({stage})"
        case TaskOutput(task, line):
            return f"  {task} | {line}"
        case TaskFinished(task, outcome, seconds, detail):
            return f"{outcome.value} {task}  {seconds:.1f}s  {detail}".rstrip()
        case Noted(message, hint):
            return f"note: {message}  {hint}".rstrip()


def _log_line(line: LogLine) -> str:
    when = f"{format_time(line.at)} " if line.at else ""
    return f"{when}{'stderr ' if line.is_error else ''}{line.text}\n"


def _json(value: JsonValue) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"
