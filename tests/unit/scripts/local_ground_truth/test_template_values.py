"""References in a template mean something on this machine, or are an error that names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.local_ground_truth.template_values import NO_VALUE, Template, TemplateValueError

TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: test}
  Names: {Type: CommaDelimitedList, Default: "a,b"}
Mappings:
  Sizes: {test: {memory: 128}, prod: {memory: 512}}
Conditions:
  IsTest: !Equals [!Ref Stage, test]
  IsNamedProd: !And [!Not [Condition: IsTest], !Or [!Equals [a, b], Condition: IsTest]]
Resources:
  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: t}}
  Bucket: {Type: AWS::S3::Bucket, Condition: IsNamedProd}
Outputs:
  Where: {Value: !Sub "${AWS::Region}/${Stage}"}
  Gone: {Condition: IsNamedProd, Value: x}
"""


@pytest.fixture
def template(tmp_path: Path) -> Template:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    template = Template(path, account="123456789012", region="eu-west-1", parameters={})
    template.references["Table"] = "cats"
    template.attributes[("Table", "Arn")] = "arn:of:cats"
    return template


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Stage"}, "test"),
        ({"Ref": "Names"}, ["a", "b"]),
        ({"Ref": "Table"}, "cats"),
        ({"Ref": "AWS::AccountId"}, "123456789012"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "arn:of:cats"),
        ({"Fn::GetAtt": "Table.Arn"}, "arn:of:cats"),
        (
            {"Fn::Sub": "${Table}-${Stage}-${Table.Arn}-${!Literal}"},
            "cats-test-arn:of:cats-${Literal}",
        ),
        ({"Fn::Sub": ["${x}/${Stage}", {"x": {"Ref": "Table"}}]}, "cats/test"),
        ({"Fn::If": ["IsTest", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsNamedProd", "yes", "no"]}, "no"),
        ({"Fn::If": ["IsNamedProd", "yes", {"Ref": "AWS::NoValue"}]}, NO_VALUE),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}]]}, "a-test"),
        ({"Fn::Select": [1, {"Fn::Split": [",", "a,b"]}]}, "b"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "memory"]}, 128),
        (
            {"a": [{"Ref": "Stage"}, {"Ref": "AWS::NoValue"}], "b": {"Ref": "AWS::NoValue"}},
            {"a": ["test"]},
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_intrinsic_functions_are_resolved(template: Template, value: Any, expected: Any) -> None:
    assert template.resolve(value) == expected


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"Ref": "Nobody"}, "!Ref Nobody"),
        ({"Fn::GetAtt": ["Table", "StreamArn"]}, "!GetAtt Table.StreamArn"),
        ({"Fn::ImportValue": "x"}, "Fn::ImportValue"),
        ({"Fn::Sub": "${Nobody.Arn}"}, "!GetAtt Nobody.Arn"),
    ],
)
def test_what_has_no_meaning_here_is_an_error_that_names_it(
    template: Template, value: Any, named: str
) -> None:
    with pytest.raises(TemplateValueError, match=named):
        template.resolve(value)


def test_conditions_decide_what_exists(template: Template) -> None:
    assert template.resources("AWS::S3::Bucket") == {}
    assert list(template.resources("AWS::DynamoDB::Table")) == ["Table"]
    assert (template.output("Where"), template.output("Gone")) == ("eu-west-1/test", "")


def test_a_parameter_that_the_template_does_not_have_is_named(template: Template) -> None:
    with pytest.raises(TemplateValueError, match="no parameter Colour"):
        Template(template.path, account="1", region="r", parameters={"Colour": "red"})


def test_a_template_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateValueError, match=r"nowhere\.yaml"):
        Template(tmp_path / "nowhere.yaml", account="1", region="r", parameters={})
    (tmp_path / "bad.yaml").write_text("Resources: {a: [}")
    with pytest.raises(TemplateValueError, match=r"bad\.yaml cannot be read"):
        Template(tmp_path / "bad.yaml", account="1", region="r", parameters={})
