"""A job's settings object."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from hooks.core.job_example import Example, Verdict
from hooks.core.job_settings import JobKind, JobSettings, job_name_of, settings_key

SETTINGS = JobSettings(
    labeling_job_name="Turtles-01",
    kind=JobKind.SEGMENTATION,
    label_attribute_name="turtles",
    labels=LabelCategories.from_names(["turtle", "fin"]),
    short_instructions="Click <b>four</b> points.",
    token_lifetime_seconds=7200,
    language="de",
    examples=(
        Example("s3://bucket/good one.png", Verdict.GOOD, "The whole <fin>."),
        Example("data:image/png;base64,aGk=", Verdict.BAD),
    ),
)


def test_settings_survive_being_written() -> None:
    assert JobSettings.from_json(SETTINGS.to_json()) == SETTINGS


def test_settings_of_a_verification_job_survive_being_written() -> None:
    settings = replace(
        SETTINGS,
        kind=JobKind.VERIFICATION,
        earlier_label="turtles-ref",
        verdicts=("fine", "not fine"),
        reasons=(),
    )
    assert JobSettings.from_json(settings.to_json()) == settings


def test_settings_of_earlier_versions_get_the_usual_verdicts() -> None:
    fields = json.loads(SETTINGS.to_json())
    for name in ("earlier_label", "verdicts", "reasons"):
        del fields[name]
    assert JobSettings.from_json(json.dumps(fields)) == SETTINGS


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"schema_version": 2}, "settings.schema_version"),
        ({"kind": "singing"}, "settings.kind"),
        ({"kind": ["segmentation"]}, "settings.kind"),
        ({"labels": "turtle"}, "settings.labels"),
        ({"labels": ["a", "a"]}, r"settings.labels\[1\]"),
        ({"token_lifetime_seconds": 0}, "settings.token_lifetime_seconds"),
        ({"token_lifetime_seconds": True}, "settings.token_lifetime_seconds"),
        ({"token_lifetime_seconds": 32 * 24 * 3600}, "30 days and 8 hours"),
        ({"page_version": 3}, r"settings\.page_version: 3; .* up to version 2"),
        ({"page_version": True}, "settings.page_version"),
        ({"short_instructions": 5}, "settings.short_instructions"),
        ({"language": "Deutsch!"}, "settings.language"),
        ({"language": 5}, "settings.language"),
        ({"examples": {}}, "settings.examples"),
        ({"examples": [{}]}, r"settings.examples\[0\].verdict"),
        ({"examples": ["good"]}, r"settings.examples\[0\]"),
        ({"examples": [{"verdict": "good", "image": "x.png"}]}, r"examples\[0\].image"),
        ({"examples": [{"verdict": "bad", "image": 's3://b/"}}.png'}]}, "plainer name"),
        ({"examples": [{"verdict": "bad", "image": "data:text/html,<b>"}]}, "base64 PNG"),
        (
            {"examples": [{"verdict": "bad", "image": "s3://b/a.png", "caption": "x" * 501}]},
            r"examples\[0\].caption",
        ),
        ({"kind": "verification"}, "settings.earlier_label: missing; verification jobs"),
        ({"kind": "adjustment"}, "settings.earlier_label: missing; adjustment jobs"),
        ({"earlier_label": 5}, "settings.earlier_label"),
        ({"verdicts": ["good"]}, "settings.verdicts: there must be two"),
        ({"verdicts": "good"}, "settings.verdicts"),
        ({"verdicts": ["good", " "]}, r"settings.verdicts\[1\]"),
        ({"verdicts": ["good", "good"]}, r"settings.verdicts\[1\]: 'good' stands there twice"),
        ({"verdicts": [str(number) for number in range(11)]}, "settings.verdicts"),
        ({"reasons": [5]}, r"settings.reasons\[0\]"),
    ],
    ids=str,
)
def test_the_field_that_is_wrong_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(ContractError, match=field):
        JobSettings.from_json(json.dumps(json.loads(SETTINGS.to_json()) | change))


def test_settings_of_an_earlier_version_mean_english_without_examples() -> None:
    fields = json.loads(SETTINGS.to_json())
    del fields["language"], fields["examples"]
    settings = JobSettings.from_json(json.dumps(fields))
    assert (settings.language, settings.examples) == ("en", ())


def test_settings_that_say_nothing_of_it_have_the_first_page() -> None:
    fields = json.loads(SETTINGS.to_json())
    assert fields.pop("page_version") == 2
    assert JobSettings.from_json(json.dumps(fields)).page_version == 1


@pytest.mark.parametrize("text", ["", "nonsense", "[]"])
def test_what_is_no_settings_object_is_refused(text: str) -> None:
    with pytest.raises(ContractError):
        JobSettings.from_json(text)


def test_events_name_the_job_in_an_arn_in_whatever_case() -> None:
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:labeling-job/Turtles-01"
    assert job_name_of(arn) == "turtles-01"
    assert settings_key("Turtles-01") == "jobs/turtles-01/settings.json"
    with pytest.raises(ContractError, match="labelingJobArn"):
        job_name_of("turtles-01")
