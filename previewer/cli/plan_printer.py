"""A plan on standard output: its own text, or its steps as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from previewer.cli.terminal import Format, paint
from previewer.present.safe_text import plain
from previewer.present.values import Tone

if TYPE_CHECKING:
    from previewer.cli.output import Output
    from previewer.domain.build import FreezePlan
    from previewer.domain.deploy.plan import Plan
    from previewer.domain.json_value import JsonObject
    from previewer.domain.release.registry_address import TransferPlan


def print_plan(output: Output, plan: Plan, form: Format) -> None:
    """What would be done. On a terminal, what removes something is coloured like a warning."""
    if form is not Format.TABLE:
        output.value(_plan_value(plan), form)
    elif not plan.steps or not output.colour:
        output.lines(plan.text().split("\n"))
    else:
        output.lines([plan.title])
        for step, text in zip(plan, plan.lines(), strict=True):
            verb = paint(step.action.verb, Tone.BUSY, colour=step.removes)
            output.line(f"  {verb}{plain(text.removeprefix(step.action.verb))}")


def _plan_value(plan: Plan) -> JsonObject:
    """docs/cli.md says what the keys mean."""
    return {
        "title": plan.title,
        "environment": plan.environment or None,
        "steps": [
            {
                "verb": step.action.verb,
                "name": step.action.name,
                "removes": step.removes,
                "cause": step.cause,
                "needs": sorted(step.needs),
            }
            for step in plan
        ],
        "left_data": list(plan.left_data),
        "notes": [*plan.begins, *plan.notes],
    }


def print_freeze_plan(output: Output, plan: FreezePlan, form: Format) -> None:
    """What would be pinned and built."""
    if form is Format.TABLE:
        output.lines(plan.text().split("\n"))
        return
    steps = [{"verb": step.verb, "name": step.name, "cause": step.cause} for step in plan.steps]
    output.value({"commit": plan.commit, "release": plan.release or None, "steps": steps}, form)


def print_transfer_plan(output: Output, plan: TransferPlan, form: Format) -> None:
    """What would be pushed or pulled."""
    if form is Format.TABLE:
        output.lines(plan.text().split("\n"))
        return
    output.value(
        {
            "direction": plan.direction.value,
            "release": plan.release.id,
            "address": str(plan.address),
            "images": [{"image": a.image, "name": a.reference} for a in plan.release.artifacts],
        },
        form,
    )
