"""The table of all commands: what ``previewer --help`` shows, and where each one lives."""

from __future__ import annotations

from previewer.cli.lazy_group import Verb

_ENVIRONMENTS = "Environments"
_REPOSITORY = "Repository"
_RELEASES = "Releases and history"
_SETUP = "Setup"
_HOME = "previewer.cli.commands"

VERBS = (
    Verb("up", "Run a commit: freeze it, start it, wait until it is healthy.", _ENVIRONMENTS, f"{_HOME}.up"),
    Verb("update", "Bring an environment to the tip of its branch.", _ENVIRONMENTS, f"{_HOME}.update"),
    Verb("replace", "Run an environment's release again, from nothing.", _ENVIRONMENTS, f"{_HOME}.replace"),
    Verb("ls", "List the environments of this repository.", _ENVIRONMENTS, f"{_HOME}.ls"),
    Verb("status", "Show an environment and its services.", _ENVIRONMENTS, f"{_HOME}.status"),
    Verb("url", "Print the URLs of an environment.", _ENVIRONMENTS, f"{_HOME}.url"),
    Verb("open", "Open an environment in the browser.", _ENVIRONMENTS, f"{_HOME}.open_url"),
    Verb("logs", "Show what the services of an environment write.", _ENVIRONMENTS, f"{_HOME}.logs"),
    Verb("drift", "Compare what runs with what was frozen.", _ENVIRONMENTS, f"{_HOME}.drift"),
    Verb("debug", "Open a shell in a disposable copy of a service.", _ENVIRONMENTS, f"{_HOME}.debug"),
    Verb(
        "suggest-writable",
        "Suggest which paths services have to write to.",
        _ENVIRONMENTS,
        f"{_HOME}.suggest_writable",
    ),
    Verb("parity", "Hold two environments beside each other.", _ENVIRONMENTS, f"{_HOME}.parity"),
    Verb("down", "Remove environments with everything that belongs to them.", _ENVIRONMENTS, f"{_HOME}.down"),
    Verb("extend", "Let an environment live TTL from now on.", _ENVIRONMENTS, f"{_HOME}.extend"),
    Verb("pin", "Keep an environment until somebody removes it by name.", _ENVIRONMENTS, f"{_HOME}.pin"),
    Verb("sleep", "Stop environments, to be woken again.", _ENVIRONMENTS, f"{_HOME}.sleep"),
    Verb("wake", "Start an environment that sleeps and wait for health.", _ENVIRONMENTS, f"{_HOME}.wake"),
    Verb("watch", "Keep previews in step with branches.", _ENVIRONMENTS, f"{_HOME}.watch"),
    Verb("branches", "List branches, newest first.", _REPOSITORY, f"{_HOME}.branches"),
    Verb("config", "Print the normalised definition of a commit.", _REPOSITORY, f"{_HOME}.config"),
    Verb("policy", "Explain what a commit's definition may do, and why.", _REPOSITORY, f"{_HOME}.policy"),
    Verb("freeze", "Build and pin every image of a commit.", _RELEASES, f"{_HOME}.freeze"),
    Verb("promote", "Run what was proven in staging or production.", _RELEASES, f"{_HOME}.promote"),
    Verb("rollback", "Go back to a release that is known to be good.", _RELEASES, f"{_HOME}.rollback"),
    Verb("releases", "List the frozen releases.", _RELEASES, f"{_HOME}.releases"),
    Verb("inspect", "Show what is in a release and where it came from.", _RELEASES, f"{_HOME}.inspect"),
    Verb("verify", "Check that a release is what it says.", _RELEASES, f"{_HOME}.verify"),
    Verb("sign", "Sign a release and what is said about it.", _RELEASES, f"{_HOME}.sign"),
    Verb("diff", "Show what changed from one release to another.", _RELEASES, f"{_HOME}.diff"),
    Verb("push", "Send a release and its images to a registry.", _RELEASES, f"{_HOME}.push"),
    Verb("pull", "Fetch a release and its images from a registry.", _RELEASES, f"{_HOME}.pull"),
    Verb("forget", "Forget a project that was pulled to this machine.", _RELEASES, f"{_HOME}.forget"),
    Verb("history", "Show what was done, when and by whom.", _RELEASES, f"{_HOME}.history"),
    Verb("audit", "Check the ledger, or export it for an auditor.", _RELEASES, f"{_HOME}.audit"),
    Verb("prune", "Remove images that nothing needs any more.", _RELEASES, f"{_HOME}.prune"),
    Verb("init", "Write environment definitions to start from.", _SETUP, f"{_HOME}.init"),
    Verb("doctor", "Check git, the engine and the settings.", _SETUP, f"{_HOME}.doctor"),
    Verb("completion", "Print the completion script of a shell.", _SETUP, f"{_HOME}.completion"),
    Verb("__complete", "Print the names that a shell can complete.", _SETUP, f"{_HOME}.complete_names"),
)
