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
    Verb("ls", "List the environments of this repository.", _ENVIRONMENTS, f"{_HOME}.ls"),
    Verb("status", "Show an environment and its services.", _ENVIRONMENTS, f"{_HOME}.status"),
    Verb("url", "Print the URLs of an environment.", _ENVIRONMENTS, f"{_HOME}.url"),
    Verb("open", "Open an environment in the browser.", _ENVIRONMENTS, f"{_HOME}.open_url"),
    Verb("logs", "Show what the services of an environment write.", _ENVIRONMENTS, f"{_HOME}.logs"),
    Verb("down", "Remove environments with everything that belongs to them.", _ENVIRONMENTS, f"{_HOME}.down"),
    Verb("branches", "List branches, newest first.", _REPOSITORY, f"{_HOME}.branches"),
    Verb("config", "Print the normalised definition of a commit.", _REPOSITORY, f"{_HOME}.config"),
    Verb("policy", "Explain what a commit's definition may do, and why.", _REPOSITORY, f"{_HOME}.policy"),
    Verb("freeze", "Build and pin every image of a commit.", _RELEASES, f"{_HOME}.freeze"),
    Verb("releases", "List the frozen releases.", _RELEASES, f"{_HOME}.releases"),
    Verb("history", "Show what was done, when and by whom.", _RELEASES, f"{_HOME}.history"),
    Verb("prune", "Remove images that nothing needs any more.", _RELEASES, f"{_HOME}.prune"),
    Verb("init", "Write environment definitions to start from.", _SETUP, f"{_HOME}.init"),
    Verb("doctor", "Check git, the engine and the settings.", _SETUP, f"{_HOME}.doctor"),
    Verb("completion", "Print the completion script of a shell.", _SETUP, f"{_HOME}.completion"),
    Verb("__complete", "Print the names that a shell can complete.", _SETUP, f"{_HOME}.complete_names"),
)
