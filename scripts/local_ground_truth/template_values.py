"""Reads template.yaml and works out what its references mean on this machine.

CloudFormation's intrinsic functions Ref, Sub, GetAtt, If, Join, Select, Split and FindInMap, the
condition functions, and the pseudo parameters are resolved. Anything else in a value that is
asked for is an error that names it, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hooks.core.errors import FewclickError

STACK_NAME = "fewclick"


class TemplateValueError(FewclickError):
    """template.yaml cannot be read, or says something that has no meaning on this machine."""


class _NoValue:
    """What `!Ref AWS::NoValue` gives: the property is as good as absent."""


NO_VALUE = _NoValue()


class Template:
    """A parsed template whose values can be asked for resolved.

    Attributes:
        references: what `!Ref` of a resource gives; filled by those who make the resource.
        attributes: what `!GetAtt` gives, by (logical id, attribute).
    """

    def __init__(
        self, path: Path, *, account: str, region: str, parameters: Mapping[str, str]
    ) -> None:
        self.path = path
        self._document = _load(path)
        self.references: dict[str, str] = {}
        self.attributes: dict[tuple[str, str], str] = {}
        self._pseudo: dict[str, Any] = {
            "AWS::AccountId": account,
            "AWS::Region": region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": STACK_NAME,
            "AWS::StackId": f"arn:aws:cloudformation:{region}:{account}:stack/{STACK_NAME}/local",
            "AWS::NoValue": NO_VALUE,
        }
        self._parameters = self._with_defaults(parameters)
        self._intrinsics: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::Sub": self._sub,
            "Fn::GetAtt": self._get_att,
            "Fn::If": self._if,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
        }

    @property
    def parameter_names(self) -> frozenset[str]:
        return frozenset(self._document.get("Parameters", {}))

    def resources(self, resource_type: str) -> dict[str, dict[str, Any]]:
        """Properties, unresolved, of the resources of a type that their conditions let exist."""
        return {
            logical_id: resource.get("Properties", {})
            for logical_id, resource in self._document.get("Resources", {}).items()
            if resource.get("Type") == resource_type and self._exists(resource)
        }

    def output(self, name: str) -> str:
        """What the stack's output of that name says; "" if there is none or it is left out."""
        output = self._document.get("Outputs", {}).get(name)
        if output is None or not self._exists(output):
            return ""
        return str(self.resolve(output["Value"]))

    def globals(self, section: str) -> dict[str, Any]:
        """What `Globals` says for `Function` or `HttpApi`, unresolved."""
        found: dict[str, Any] = self._document.get("Globals", {}).get(section, {})
        return found

    def resolve(self, value: Any) -> Any:
        """`value` with every intrinsic function in it replaced by what it stands for.

        Raises:
            TemplateValueError: it refers to something that this machine has no value for.
        """
        if isinstance(value, Mapping):
            if len(value) == 1:
                ((name, argument),) = value.items()
                if name in self._intrinsics:
                    return self._intrinsics[name](argument)
                if name.startswith("Fn::"):
                    raise TemplateValueError(f"{self.path.name}: {name} is not known here.")
            resolved = {name: self.resolve(member) for name, member in value.items()}
            return {name: member for name, member in resolved.items() if member is not NO_VALUE}
        if isinstance(value, list):
            members = [self.resolve(member) for member in value]
            return [member for member in members if member is not NO_VALUE]
        return value

    def _with_defaults(self, given: Mapping[str, str]) -> dict[str, Any]:
        declared = self._document.get("Parameters", {})
        unknown = set(given) - set(declared)
        if unknown:
            raise TemplateValueError(
                f"{self.path.name} has no parameter {', '.join(sorted(unknown))}."
            )
        values = {}
        for name, declaration in declared.items():
            value = given.get(name, declaration.get("Default"))
            if value is None:
                raise TemplateValueError(
                    f"{self.path.name}: the parameter {name} has no default and was not given."
                )
            is_list = "List" in str(declaration.get("Type", "String"))
            values[name] = str(value).split(",") if is_list else str(value)
        return values

    def _exists(self, resource: Mapping[str, Any]) -> bool:
        condition = resource.get("Condition")
        return condition is None or self._condition(condition)

    def _ref(self, name: str) -> Any:
        for table in (self._pseudo, self._parameters, self.references):
            if name in table:
                return table[name]
        raise TemplateValueError(
            f"{self.path.name}: nothing on this machine stands for !Ref {name}."
        )

    def _get_att(self, argument: Any) -> str:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        try:
            return self.attributes[(parts[0], parts[1])]
        except KeyError:
            raise TemplateValueError(
                f"{self.path.name}: nothing on this machine stands for "
                f"!GetAtt {parts[0]}.{parts[1]}."
            ) from None

    def _sub(self, argument: Any) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument
        values = {name: self.resolve(value) for name, value in given.items()}

        def replace(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in values:
                return str(values[name])
            if "." in name:
                return self._get_att(name)
            return str(self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", replace, text)

    def _if(self, argument: Any) -> Any:
        condition, yes, no = argument
        return self.resolve(yes if self._condition(condition) else no)

    def _join(self, argument: Any) -> str:
        delimiter, members = argument
        return str(delimiter).join(str(member) for member in self.resolve(members))

    def _select(self, argument: Any) -> Any:
        index, members = argument
        return self.resolve(members)[int(index)]

    def _split(self, argument: Any) -> list[str]:
        delimiter, text = argument
        return str(self.resolve(text)).split(delimiter)

    def _find_in_map(self, argument: Any) -> Any:
        table, *keys = argument
        found = self._document["Mappings"][self.resolve(table)]
        for key in keys:
            found = found[self.resolve(key)]
        return self.resolve(found)

    def _condition(self, condition: Any) -> bool:
        """Whether a condition, named or written out, holds."""
        if isinstance(condition, str):
            return self._condition(self._document["Conditions"][condition])
        ((name, argument),) = condition.items()
        if name == "Condition":
            return self._condition(argument)
        if name == "Fn::Equals":
            left, right = (str(self.resolve(side)) for side in argument)
            return left == right
        if name == "Fn::Not":
            return not self._condition(argument[0])
        if name == "Fn::And":
            return all(self._condition(part) for part in argument)
        if name == "Fn::Or":
            return any(self._condition(part) for part in argument)
        raise TemplateValueError(f"{self.path.name}: the condition {name} is not known here.")


def _load(path: Path) -> dict[str, Any]:
    # cfn-lint's reader knows the short forms, `!Ref` and so on. It takes half a second to import.
    from cfnlint.decode import decode

    document, problems = decode(str(path))
    if problems or document is None:
        found = "; ".join(problem.message for problem in problems)
        raise TemplateValueError(f"{path} cannot be read: {found}")
    return dict(document)
