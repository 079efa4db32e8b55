"""What Ground Truth sends to the hooks, and what it wants back.

Shapes: developer guide, "Requirements for custom labeling task Lambda functions". Where documents
and recorded events disagree, both are read; a version string is never checked.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hooks.core.errors import AnswerError, ContractError
from hooks.core.job_settings import job_name_of

MAX_ANSWER_CHARACTERS = 8_000_000


@dataclass(frozen=True, slots=True)
class PreAnnotationRequest:
    """One data object that is about to go to workers.

    Attributes:
        job_name: lower case (see `job_settings`).
        data_object: the whole manifest line.
    """

    job_name: str
    data_object: Mapping[str, Any]

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> PreAnnotationRequest:
        data_object = event.get("dataObject")
        if not isinstance(data_object, Mapping):
            raise ContractError("dataObject", "must be a JSON object.")
        return cls(job_name_of(_text(event, "labelingJobArn")), data_object)


def pre_annotation_response(task_input: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a pre-annotation hook: what the template sees as `task.input`."""
    return {"taskInput": dict(task_input), "isHumanAnnotationRequired": True}


@dataclass(frozen=True, slots=True)
class ConsolidationRequest:
    """A batch of data objects that workers have answered.

    Attributes:
        job_name: lower case.
        label_categories: None unless the job was given a label category file.
        payload_uri: where the list of `AnnotatedObject` lies.
        output_uri: the job's `annotations` prefix, without a slash at its end.
    """

    job_name: str
    label_attribute_name: str
    label_categories: tuple[str, ...] | None
    payload_uri: str
    output_uri: str
    kms_key_id: str | None

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> ConsolidationRequest:
        payload = event.get("payload")
        if not isinstance(payload, Mapping):
            raise ContractError("payload", "must be a JSON object.")
        payload_uri = _text(payload, "s3Uri", "payload.s3Uri")
        categories = event.get("labelCategories")
        return cls(
            job_name=job_name_of(_text(event, "labelingJobArn")),
            label_attribute_name=_text(event, "labelAttributeName"),
            label_categories=None if categories is None else tuple(map(str, categories)),
            payload_uri=payload_uri,
            output_uri=_output_uri(event.get("outputConfig"), payload_uri),
            kms_key_id=event.get("kmsKeyId") or None,
        )

    @property
    def batch_time(self) -> str:
        """The time in the payload's name: the same for every retry of this batch.

        `…/iteration-1/2026-11-20_10:11:12.json` gives `2026-11-20T10:11:12`.
        """
        name = self.payload_uri.rsplit("/", 1)[-1].removesuffix(".json")
        return name.replace("_", "T", 1)


@dataclass(frozen=True, slots=True)
class WorkerAnnotation:
    """What one worker submitted for one object: the form's named fields, not looked into yet."""

    worker_id: str
    content: str | None
    content_uri: str | None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> WorkerAnnotation:
        data = value.get("annotationData")
        if not isinstance(data, Mapping):
            data = {}
        content = data.get("content")
        if content is not None and not isinstance(content, str):
            content = json.dumps(content)
        return cls(str(value.get("workerId", "")), content, data.get("s3Uri"))

    @property
    def sort_key(self) -> tuple[str, str]:
        return (self.worker_id, self.content or self.content_uri or "")


@dataclass(frozen=True, slots=True)
class AnnotatedObject:
    """One object of a consolidation payload."""

    dataset_object_id: str
    source_ref: str | None
    annotations: tuple[WorkerAnnotation, ...] = field(default=())

    @classmethod
    def from_json(cls, value: object, index: int) -> AnnotatedObject:
        where = f"payload[{index}]"
        if not isinstance(value, Mapping) or "datasetObjectId" not in value:
            raise ContractError(where, "must be an object with a datasetObjectId.")
        data_object = value.get("dataObject")
        annotations = value.get("annotations")
        return cls(
            dataset_object_id=str(value["datasetObjectId"]),
            source_ref=data_object.get("s3Uri") if isinstance(data_object, Mapping) else None,
            annotations=tuple(
                WorkerAnnotation.from_json(annotation)
                for annotation in annotations
                if isinstance(annotation, Mapping)
            )
            if isinstance(annotations, list)
            else (),
        )


def consolidated_annotation(
    dataset_object_id: str,
    label_attribute_name: str,
    label: Mapping[str, Any],
    metadata: Mapping[str, Any],
) -> dict[str, Any]:
    """One entry of a consolidation hook's answer."""
    return {
        "datasetObjectId": dataset_object_id,
        "consolidatedAnnotation": {
            "content": {
                label_attribute_name: dict(label),
                f"{label_attribute_name}-metadata": dict(metadata),
            }
        },
    }


def form_field(content: str | None, name: str) -> Mapping[str, Any]:
    """The JSON object that a worker's page put into the form field `name`.

    `content` is the form as Ground Truth passes it on: a JSON text of the named fields. A hidden
    input's value is a text again, maybe HTML-escaped by the template engine; a Crowd element's is
    an object. If no field has that name, the only one that holds an object is taken, and if there
    are several or none, the form itself.

    Raises:
        AnswerError: empty, too long, or no JSON object in it.
    """
    if not content:
        raise AnswerError("the worker submitted an empty form.")
    if len(content) > MAX_ANSWER_CHARACTERS:
        raise AnswerError(
            f"the answer has {len(content)} characters; at most {MAX_ANSWER_CHARACTERS} are read."
        )
    fields = _json_object(content)
    if not fields:
        raise AnswerError("the worker submitted an empty form.")
    if name in fields:
        return _object_in(fields[name], name)
    found = []
    for other, value in fields.items():
        with suppress(AnswerError):
            found.append(_object_in(value, other))
    return found[0] if len(found) == 1 else fields


def _object_in(value: object, name: str) -> Mapping[str, Any]:
    if isinstance(value, str):
        return _json_object(value)
    if not isinstance(value, Mapping):
        raise AnswerError(f'the form field "{name}" holds no JSON object.')
    return value


def _json_object(text: str) -> Mapping[str, Any]:
    for candidate in (text, html.unescape(text)):
        try:
            value = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, str):
            return _json_object(value)  # encoded once more
        if isinstance(value, Mapping):
            return value
        raise AnswerError("the answer is not a JSON object.")
    raise AnswerError("the answer is not JSON.")


def _output_uri(output_config: object, payload_uri: str) -> str:
    """`outputConfig` is not documented, but always seen; the payload lies below it."""
    if isinstance(output_config, str) and output_config.startswith("s3://"):
        return output_config.rstrip("/")
    head, found, _ = payload_uri.partition("/consolidated-annotation/")
    if not found:
        raise ContractError("outputConfig", "missing, and payload.s3Uri does not tell it either.")
    return head


def _text(fields: Mapping[str, Any], name: str, where: str = "") -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise ContractError(where or name, "must be a text that is not empty.")
    return value
