"""Settings: layers, errors with their lines, and who may set what."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.compose.definition import Role
from previewer.domain.engine.capacity import Quota
from previewer.domain.policy.trust import DEFAULT_LIMITS
from previewer.errors import UsageError
from previewer.settings.load import load_settings, read_user_file, user_settings_path
from previewer.settings.model import VARIABLE_PREFIX, Settings
from previewer.settings.row import Layer, Setting
from previewer.settings.table import SETTINGS


def load(repository: str = "", *, user: str = "", environment: dict[str, str] | None = None) -> Settings:
    return load_settings(
        user_file=user.encode(), repository_file=repository.encode(), environment=environment or {}
    )


def test_without_files_the_defaults_hold() -> None:
    assert load_settings(user_file=None, repository_file=None, environment={"HOME": "/h"}) == Settings()
    assert load() == Settings()
    assert Settings().ttl_of(Role.PREVIEW) == timedelta(days=3)
    assert Settings().ttl_of(Role.PRODUCTION) is None


def test_every_variable_bears_the_prefix_by_which_it_is_looked_for() -> None:
    variables = [row.variable for row in SETTINGS if row.variable is not None]
    assert variables
    assert all(variable.startswith(VARIABLE_PREFIX) for variable in variables)


EXAMPLES = (
    *("17", "0.5", "false", '"17m"', '"on"', '"files"', '"swarm"', '"name"', '"10.0.0.0/8"', '"r.example/shop"'),
    *('"127.0.0.2"', "7", '["preview"]', '["::1"]', '["file"]', '["privileged"]', '{A = "env:B"}', '{up = "x"}'),
    '[{branches = ["main"], allow = ["privileged"]}]',
)


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.key)
def test_every_setting_changes_the_settings(row: Setting) -> None:
    for example in EXAMPLES:
        text = f"{row.key} = {example}"
        with suppress(UsageError):
            settings = load(text) if Layer.REPOSITORY in row.layers else load(user=text)
            if settings != Settings():
                return
    pytest.fail("none of the examples is taken")


VALUES = [
    ("[watch]\nlimit = 4", "watch_limit", 4),
    ("project = 'shop'", "project", "shop"),
    ("wait_timeout = '1m30s'", "wait_timeout", 90.0),
    ("wait_timeout = 45", "wait_timeout", 45.0),
    ("parallel = 2", "parallel", 2),
    ("parallel_builds = 1", "parallel_builds", 1),
    ("list_packages = false", "list_packages", False),
    ("network.pool = '172.30.0.0/16'", "address_pool", "172.30.0.0/16"),
    ("[network]\nprefix = 26", "subnet_prefix", 26),
    ("variables = ['NODE_ENV', 'APP_*']", "variables", ("NODE_ENV", "APP_*")),
]


@pytest.mark.parametrize(("text", "name", "value"), VALUES)
def test_values(text: str, name: str, value: object) -> None:
    assert getattr(load(text), name) == value


def test_times_to_live_are_by_role() -> None:
    settings = load("[ttl]\nstaging = '30d'\npreview = 'never'")
    assert settings.ttl == {Role.PREVIEW: None, Role.STAGING: timedelta(days=30), Role.PRODUCTION: None}


def test_later_layers_win_and_permissions_add_up() -> None:
    settings = load(
        "parallel = 3\nvariables = ['B']",
        user="parallel = 2\nparallel_builds = 2\nvariables = ['A']",
        environment={"PREVIEWER_PARALLEL_BUILDS": "5", "A": "1", "B": "2", "C": "3"},
    )
    assert (settings.parallel, settings.parallel_builds) == (3, 5)
    assert settings.allowed_variables == {"A": "1", "B": "2"}


ENVIRONMENT = [
    ("PREVIEWER_TTL", "5h", "ttl", {**Settings().ttl, Role.PREVIEW: timedelta(hours=5)}),
    ("PREVIEWER_PROJECT", "shop", "project", "shop"),
    ("PREVIEWER_WAIT_TIMEOUT", "30", "wait_timeout", 30.0),
    ("PREVIEWER_ADDRESS_POOL", "10.9.0.0/16", "address_pool", "10.9.0.0/16"),
    ("PREVIEWER_SUBNET_PREFIX", "27", "subnet_prefix", 27),
    ("PREVIEWER_THEME", "nord", "theme", "nord"),
    ("PREVIEWER_PARALLEL", "", "parallel", 8),
    ("PREVIEWER_URL", "http://x", "parallel", 8),
]


@pytest.mark.parametrize(("variable", "text", "name", "value"), ENVIRONMENT)
def test_the_environment(variable: str, text: str, name: str, value: object) -> None:
    settings = load("parallel = 8\nproject = 'other'", environment={variable: text})
    assert getattr(settings, name) == value


def test_keys_and_theme_are_the_user_s_own() -> None:
    settings = load(user="theme = 'nord'\n[keys]\nrefresh = 'f5, r'\nhome-up = ['u']")
    assert settings.theme == "nord"
    assert settings.keymap == {"refresh": "f5,r", "home-up": "u"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("keys = 'f5'", 1, "keys has to be a table"),
        ("[keys]\nrefresh = 'f5'\nhome-up = 3", 3, "keys has to be a list of texts"),
    ],
)
def test_keys_that_make_no_sense_are_refused_with_their_line(text: str, line: int, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        load(user=text)
    assert caught.value.where == f"previewer/settings.toml:{line}"


def test_grants_come_from_both_files_with_their_lines() -> None:
    settings = load(
        "# ours\n[policy.preview]\nallow = [\n  'bind:/etc/localtime:ro', # time\n  \"privileged\",\n]\n"
        "[[trust]]\nbranches = ['main']\nallow = ['sysctl']\n\n[[trust]]\nbranches = ['x/*', 'y']\n"
        "roles = ['staging', 'production']\nallow = ['device:/dev/dri/*']\n",
        user="[policy.production]\nallow = ['runtime']",
    )
    found = [(g.text, str(g.source), g.role, g.branches) for g in settings.trust.grants]
    assert found == [
        ("runtime", "previewer/settings.toml:2", Role.PRODUCTION, ()),
        ("bind:/etc/localtime:ro", "previewer.toml:4", Role.PREVIEW, ()),
        ("privileged", "previewer.toml:5", Role.PREVIEW, ()),
        ("sysctl", "previewer.toml:9", None, ("main",)),
        ("device:/dev/dri/*", "previewer.toml:14", Role.STAGING, ("x/*", "y")),
        ("device:/dev/dri/*", "previewer.toml:14", Role.PRODUCTION, ("x/*", "y")),
    ]


def test_limits_are_by_role() -> None:
    limits = load(
        "[limits.preview]\nmax_memory = '2g'\nmemory = '256m'\nmax_pids = 'none'\nmax_ttl = '5d'\n"
        "max_untrusted_ttl = '12h'"
    ).trust.limits
    preview = limits[Role.PREVIEW]
    assert (preview.max_memory, preview.memory, preview.max_pids) == (2 << 30, 256 << 20, None)
    assert (preview.max_ttl, preview.max_untrusted_ttl) == (timedelta(days=5), timedelta(hours=12))
    assert limits[Role.STAGING] == DEFAULT_LIMITS[Role.STAGING]


WRONG = [
    ("paralel = 1", 1, "there is no setting 'paralel'", "did you mean 'parallel'?"),
    ("[ttl]\npreviw = '1d'", 2, "there is no setting 'ttl.previw'", "did you mean 'ttl.preview'?"),
    (
        "\n[limit.preview]\npids = 1",
        3,
        "there is no setting 'limit.preview.pids'",
        "did you mean 'limits.preview.pids'",
    ),
    ("[nonsense]", 1, "there is no setting 'nonsense'", "docs/settings.md lists all settings"),
    ("ttl = '3d'", 1, "'ttl' is a table", "write [ttl]"),
    ("parallel = 0", 1, "parallel has to be a whole number from 1 to 64", None),
    ("parallel = true", 1, "parallel has to be a whole number from 1 to 64", None),
    ("network.pool = 'x'", 1, "network.pool has to be a range of IPv4 addresses such as 10.213.0.0/16", None),
    ("network.pool = '10.1.2.3/8'", 1, "network.pool has to be a range of IPv4 addresses", None),
    ("\nwait_timeout = '0s'", 2, "wait_timeout has to be a time such as 90s", None),
    ("[ttl]\npreview = 3", 2, "ttl.preview has to be a time to live", None),
    ("variables = 'A'", 1, "variables has to be a list of texts", None),
    ("project = 'My Shop'", 1, "project has to be a name such as my-shop-", None),
    ("[limits.preview]\nmax_memory = 'lots'", 2, "limits.preview.max_memory has to be an amount of memory", None),
    ("[policy.preview]\nallow = [\n'bind',\n'bindd']", 4, "there is no rule 'bindd'", "did you mean 'bind'?"),
    ("[policy.preview]\nallow = ['engine-socket:/run/*']", 2, "'engine-socket' is allowed only for", "write"),
    ("trust = 1", 1, "trust has to be an array of tables", None),
    ("[[trust]]\nallow = ['bind']", 1, "trust has to be for some branches", None),
    ("[[trust]]\nbranches = ['a']\n[[trust]]\nbranch = ['a']", 4, "'branch' is none of them", None),
    (
        "[[trust]]\nbranches = ['a']\nroles = ['qa']",
        1,
        "trust has to be one of preview, staging, production",
        None,
    ),
    ("theme = 'x'", 1, "'theme' does not belong here", "it is read from your own settings file"),
    ("a = [\n", 1, "this is not TOML", None),
    ("a = 1\na = 2", 2, "this is not TOML", None),
]


@pytest.mark.parametrize(("text", "line", "message", "hint"), WRONG)
def test_what_makes_no_sense_is_refused_with_its_line(
    text: str, line: int, message: str, hint: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        load(text)
    assert caught.value.where == f"previewer.toml:{line}"
    assert message in caught.value.message
    assert (caught.value.hint or "").startswith(hint or "")


def test_a_project_s_name_is_not_the_user_s_to_choose() -> None:
    with pytest.raises(UsageError, match="does not belong here") as caught:
        load(user="project = 'x'")
    assert caught.value.hint == "it is read from previewer.toml"


def test_a_variable_that_makes_no_sense_is_named() -> None:
    with pytest.raises(UsageError) as caught:
        load(environment={"PREVIEWER_PARALLEL": "many"})
    assert caught.value.where == "$PREVIEWER_PARALLEL"


def test_other_bytes_are_no_settings() -> None:
    with pytest.raises(UsageError, match="not UTF-8"):
        load_settings(user_file=None, repository_file=b"\xff\xfe", environment={})


@given(st.binary(max_size=200) | st.text(alphabet="[]='\"\n.atlopicyrevw{}#1 ", max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(UsageError):
        load_settings(user_file=None, repository_file=content, environment={})


def test_secrets_of_the_environment_are_not_in_the_text_of_settings() -> None:
    settings = load("variables = ['TOKEN']", environment={"TOKEN": "s3cret"})
    assert settings.allowed_variables == {"TOKEN": "s3cret"}
    assert "s3cret" not in repr(settings)


def test_the_user_s_file_is_below_the_folder_for_configuration(tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": "/nowhere"}
    assert read_user_file(environment) is None
    path = user_settings_path(environment)
    assert path == tmp_path / "previewer" / "settings.toml"
    path.parent.mkdir()
    path.write_bytes(b"parallel = 2")
    assert read_user_file(environment) == b"parallel = 2"


@pytest.mark.parametrize(("platform", "folder"), [("linux", ".config"), ("darwin", "Library/Application Support")])
def test_without_xdg_the_platform_s_folder_is_taken(
    monkeypatch: pytest.MonkeyPatch, platform: str, folder: str
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    assert user_settings_path({"HOME": "/h"}) == Path("/h") / folder / "previewer" / "settings.toml"
    assert user_settings_path({}) is None
    assert read_user_file({}) is None


def test_a_user_s_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "previewer" / "settings.toml").mkdir(parents=True)
    with pytest.raises(UsageError, match="the settings cannot be read"):
        read_user_file({"XDG_CONFIG_HOME": str(tmp_path)})


def test_limits_and_quotas_are_read() -> None:
    text = b"""
settle_time = "250ms"
[limits.preview]
cpus = 1.5
max_cpus = "none"
egress = false
[quota]
environments = 5
memory = "8g"
overcommit = 1
free_disk = "none"
"""
    settings = load_settings(user_file=None, repository_file=text, environment={})
    limits = settings.trust.limits[Role.PREVIEW]
    assert (limits.cpus, limits.max_cpus, limits.egress) == (1.5, None, False)
    assert settings.settle_time == 0.25
    assert settings.quota == Quota(environments=5, memory=8 << 30, overcommit=1.0, free_disk=None)


@pytest.mark.parametrize(
    "text",
    [
        "settle_time = '2m'",
        "settle_time = true",
        "limits.preview.cpus = 0",
        "limits.preview.cpus = '2'",
        "limits.preview.egress = 'no'",
        "quota.overcommit = 0",
        "quota.overcommit = true",
    ],
)
def test_limits_and_quotas_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="has to be"):
        load_settings(user_file=None, repository_file=text.encode(), environment={})
