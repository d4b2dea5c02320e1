"""What ``--help`` shows of a command in use. A test reads every line as the command line would."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "up": (
        "previewer up feature/login",
        "previewer up HEAD~2 --ttl 4h",
        "previewer up v1.4 --role staging --dry-run",
        "previewer up --release 3f9a01c2 --name demo",
    ),
    "update": ("previewer update feature/login", "previewer update staging --dry-run"),
    "replace": ("previewer replace staging --dry-run",),
    "ls": ("previewer ls --everywhere", "previewer ls -o json"),
    "status": (
        "previewer status staging",
        "previewer status staging --exit-code --junit health.xml",
        "previewer status --gone feature/login",
    ),
    "url": ("previewer url feature/login", "previewer url feature/login api"),
    "logs": ("previewer logs main web -f", "previewer logs --gone feature/login"),
    "drift": ("previewer drift", "previewer drift staging --exit-code -o junit", "previewer drift --follow"),
    "debug": ("previewer debug main web", "previewer debug main web -- env"),
    "parity": (
        "previewer parity",
        "previewer parity staging feature/login",
        "previewer parity main:staging v1.4:production",
        "previewer parity --probe --exit-code -o markdown",
        "previewer parity --declare services.web.mem_limit --reason 'more load'",
    ),
    "comment": ("previewer comment shop-pull-7 --post", "previewer comment shop-pull-7 --gone --post"),
    "share": (
        "previewer share feature/login --for 2h --password",
        "previewer share feature/login --with ssh example.com",
    ),
    "down": (
        "previewer down feature/login",
        "previewer down --expired --merged --branch-gone",
        "previewer down --all --role staging --dry-run",
    ),
    "run": (
        "previewer run main -- sh -c 'curl -fsS \"$PREVIEWER_URL\"'",
        "previewer run HEAD --timeout 600 --junit report.xml -- ./smoke-test",
        "previewer run main feature/login --matrix -- ./check",
    ),
    "compare": ("previewer compare v1.4 main --probe", "previewer compare main HEAD -- ./print-prices"),
    "bisect": ("previewer bisect v1.4..main -- ./smoke-test",),
    "extend": ("previewer extend feature/login 2d", "previewer extend feature/login never"),
    "pin": ("previewer pin feature/login", "previewer pin feature/login --off"),
    "watch": (
        "previewer watch --branches 'feature/*'",
        "previewer watch --branches 'feature/*' --remote origin --once",
    ),
    "config": ("previewer config main --rewritten",),
    "secrets": ("previewer secrets check feature/login", "previewer secrets check main --role staging"),
    "freeze": ("previewer freeze main",),
    "promote": ("previewer promote feature/login --to staging", "previewer promote staging --to production"),
    "rollback": ("previewer rollback staging --list", "previewer rollback production --dry-run"),
    "inspect": ("previewer inspect staging", "previewer inspect staging --packages"),
    "verify": ("previewer verify staging --rebuild",),
    "diff": ("previewer diff production staging", "previewer diff production staging --markdown"),
    "push": ("previewer push staging registry.example.com/shop",),
    "pull": ("previewer pull registry.example.com/shop:v1.4",),
    "history": ("previewer history staging -n 20",),
    "forget": ("previewer forget shop",),
    "prune": ("previewer prune --dry-run", "previewer prune --releases --keep 5 --dry-run"),
    "completion": ('eval "$(previewer completion bash)"',),
}
"""Lines to paste, by command."""
