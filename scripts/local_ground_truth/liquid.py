"""Fills a worker task template as Ground Truth does: Liquid, its extra filters, autoescape on.

    {{ task.input.taskObject | grant_read_access }}     s3:// address -> link that expires
    {{ task.input.labels | to_json | escape }}          a value as JSON
    {{ task.input.html | skip_autoescape }}             raw

A variable that is not there renders as nothing. Hyphens are part of names, as in
`task.input.source-ref`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from liquid import BoundTemplate, Environment, Markup
from liquid.exceptions import LiquidError
from liquid.undefined import Undefined

from hooks.core.errors import ContractError, FewclickError

CROWD_SCRIPT = "https://assets.crowd.aws/crowd-html-elements.js"
READ_ACCESS_SECONDS = 15 * 60
"""Lifetime of a link made by `grant_read_access`. AWS says "short-lived" and gives no number; a
page that reads its photo once, when it opens, does not notice."""

GrantReadAccess = Callable[[str], str]
"""Turns an `s3://` address into a link that can be read without credentials for a while; raises
ContractError if it is no such address."""


class TemplateError(FewclickError):
    """A worker task template cannot be parsed or filled."""


def check_template(template: str) -> None:
    """Raise TemplateError if `template` is not valid Liquid."""
    _parse(template, lambda address: address)


def render(template: str, task_input: Any, grant_read_access: GrantReadAccess) -> str:
    """The page for one task: `template` with `task_input` as `task.input`.

    Raises:
        TemplateError: the template is not valid, or a filter was given what it cannot take.
    """
    parsed = _parse(template, grant_read_access)
    try:
        return parsed.render(task={"input": task_input})
    except (LiquidError, ContractError) as error:
        raise TemplateError(f"the template cannot be filled: {error}") from error


def _parse(template: str, grant_read_access: GrantReadAccess) -> BoundTemplate:
    environment = Environment(autoescape=True)
    environment.add_filter("to_json", _to_json)
    environment.add_filter("skip_autoescape", _skip_autoescape)
    environment.add_filter("grant_read_access", _granting(grant_read_access))
    try:
        return environment.from_string(template)
    except LiquidError as error:
        raise TemplateError(f"the template is not valid Liquid: {error}") from error


def _to_json(value: object) -> str:
    plain = None if isinstance(value, Undefined) else value
    return json.dumps(plain, ensure_ascii=False)


def _skip_autoescape(value: object) -> Markup:
    return Markup("" if isinstance(value, Undefined) else str(value))


def _granting(grant_read_access: GrantReadAccess) -> Callable[[object], str]:
    def grant(value: object) -> str:
        if isinstance(value, Undefined) or value in (None, ""):
            return ""
        return grant_read_access(str(value))

    return grant
