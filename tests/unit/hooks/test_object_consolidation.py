"""One object of a batch: what is known of its workers, its gold mask, its instances."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from hooks.core.errors import ContractError
from hooks.core.gold import GoldIndex, gold_key
from hooks.core.job_settings import JobKind, JobSettings, settings_key
from hooks.core.masks import write_label_map
from hooks.core.worker_record import Evidence, read_evidence, write_evidence
from tests.grid import label_grid
from tests.unit.hooks.batch import (
    LABELS,
    OUTPUT,
    THREE,
    WORKER,
    annotated,
    answered,
    consolidate,
    details_of,
    label_of,
)
from tests.unit.hooks.conftest import BUCKET, Account, LambdaContext

EVIDENCE = f"{OUTPUT}/worker-quality/2026-11-20T10:11:12.json"


def evidence_of(account: Account, uri: str = EVIDENCE) -> dict[str, Evidence]:
    return {item.worker_id: item for item in read_evidence(account.get(uri), uri)}


def test_what_a_batch_says_of_its_workers_is_kept(account: Account, context: LambdaContext) -> None:
    consolidate(account, context, annotated(account, 1, *THREE, "nonsense"))
    found = evidence_of(account)
    assert set(found) == {f"{WORKER}{place}" for place in range(4)}
    assert found[f"{WORKER}0"].photo == f"s3://{BUCKET}/photos/1.png"
    assert found[f"{WORKER}0"].outcome == "labeled"
    assert found[f"{WORKER}0"].agreement == pytest.approx(0.75)
    assert found[f"{WORKER}3"].outcome == "discarded"


def known(worker: str, relative_weight: float) -> str:
    items = [
        Evidence(f"{WORKER}{worker}", f"s3://b/{photo}", "labeled", relative_weight)
        for photo in range(50)
    ]
    return write_evidence(items)


TWO = (answered(("###./###.", "cat")), answered(("##../##..", "cat")))


@pytest.mark.parametrize(
    ("key", "counts"),
    [
        ("out/pets-01/annotations/worker-quality/2026-11-19T00:00:00.json", True),
        ("out/earlier/annotations/worker-quality/2026-12-01T00:00:00.json", True),
        ("out/pets-01/annotations/worker-quality/2026-12-01T00:00:00.json", False),
        ("out/other/annotations/worker-quality/2026-11-19T00:00:00.json", False),
    ],
    ids=["an earlier batch", "a job in the settings", "a later batch", "another job"],
)
def test_a_record_carries_over(
    account: Account, context: LambdaContext, key: str, counts: bool
) -> None:
    account.put(key, known("0", 0.05))
    settings = JobSettings.from_json(account.get(f"s3://{BUCKET}/{settings_key('Pets-01')}"))
    settings = replace(settings, earlier_jobs=(f"s3://{BUCKET}/out/earlier/annotations",))
    account.put(settings_key("Pets-01"), settings.to_json())
    (entry,) = consolidate(account, context, annotated(account, 1, *TWO))
    weights = [worker["weight"] for worker in details_of(account, entry)["workers"]]
    assert (weights[0] < 0.3) == counts
    with Image.open(io.BytesIO(account.get(label_of(entry)["mask-ref"]))) as mask:
        expected = "11../11.." if counts else "111./111."
        assert np.array_equal(np.asarray(mask), label_grid(expected))


def test_evidence_that_is_damaged_costs_only_what_it_knew(
    account: Account, context: LambdaContext
) -> None:
    account.put("out/pets-01/annotations/worker-quality/2026-11-19T00:00:00.json", "{")
    (entry,) = consolidate(account, context, annotated(account, 1, *THREE))
    assert label_of(entry)["status"] == "consensus"


def put_gold(account: Account, mask: bytes) -> None:
    address = account.put("jobs/pets-01/gold/1.png", mask)
    index = GoldIndex({f"s3://{BUCKET}/photos/1.png": address})
    account.put(gold_key("Pets-01"), index.to_json())


def test_gold_photos_are_scored_silently(account: Account, context: LambdaContext) -> None:
    put_gold(account, write_label_map(label_grid("1.../1..."), LABELS.colors()))
    gold, other = consolidate(
        account, context, annotated(account, 1, *THREE), annotated(account, 2, *THREE)
    )
    assert "gold" not in json.dumps(label_of(gold))
    details = details_of(account, gold)
    assert [worker["gold_iou"] for worker in details["workers"]] == [0.5, 0.5, 1.0]
    assert "gold_iou" not in details_of(account, other)["workers"][0]
    items = read_evidence(account.get(EVIDENCE), EVIDENCE)
    assert [item.gold_iou for item in items] == [0.5, 0.5, 1.0, None, None, None]


@pytest.mark.parametrize("gold", ["another size", "not a mask", "no index"])
def test_gold_that_is_no_good_costs_no_label(
    account: Account, context: LambdaContext, gold: str
) -> None:
    if gold == "another size":
        put_gold(account, write_label_map(label_grid("1"), LABELS.colors()))
    elif gold == "not a mask":
        put_gold(account, b"nonsense")
    else:
        account.put(gold_key("Pets-01"), "{")
    (entry,) = consolidate(account, context, annotated(account, 1, *THREE))
    assert label_of(entry)["status"] == "consensus"
    assert ("gold-problem" in details_of(account, entry)) == (gold != "no index")


def test_objects_are_consolidated_each_for_itself(account: Account, context: LambdaContext) -> None:
    two_cats = answered(("#.../#...", "cat"), (".#../.#..", "cat"))
    (entry,) = consolidate(account, context, annotated(account, 1, two_cats, two_cats))
    details = details_of(account, entry)
    assert [(found["label"], found["box"]) for found in details["instances"]] == [
        ("cat", [0, 0, 1, 2]),
        ("cat", [1, 0, 1, 2]),
    ]
    assert details["workers"][0]["instances"] == {"matched": 2, "missed": 0, "extra": 0}
    with Image.open(io.BytesIO(account.get(details["instances-ref"]))) as image:
        assert np.asarray(image).tolist() == [[1, 2, 0, 0], [1, 2, 0, 0]]


def test_who_drew_what_is_kept_for_a_reviewer(account: Account, context: LambdaContext) -> None:
    here, there = answered(("#.../#...", "cat")), answered(("...#/...#", "cat"))
    (entry,) = consolidate(account, context, annotated(account, 1, here, there))
    assert label_of(entry)["status"] == "needs-adjudication"
    first, second = details_of(account, entry)["workers"]
    for worker, drawn in ((first, "1.../1..."), (second, "...1/...1")):
        with Image.open(io.BytesIO(account.get(worker["mask-ref"]))) as mask:
            assert np.array_equal(np.asarray(mask), label_grid(drawn))


def test_a_reviewers_word_is_the_last_one(account: Account, context: LambdaContext) -> None:
    settings = JobSettings.from_json(account.get(f"s3://{BUCKET}/{settings_key('Pets-01')}"))
    settings = replace(settings, kind=JobKind.ADJUDICATION)
    account.put(settings_key("Pets-01"), settings.to_json())
    (entry,) = consolidate(account, context, annotated(account, 1, THREE[0]))
    label = label_of(entry)
    assert (label["status"], label["confidence"]) == ("consensus", 1.0)
    assert label["reason"] == "decided by a reviewer."


def test_another_method_can_be_chosen(
    account: Account, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSENSUS_METHOD", "plurality")
    batch = annotated(account, 1, answered(), *TWO)
    (entry,) = consolidate(account, context, batch)
    weights = [worker["weight"] for worker in details_of(account, entry)["workers"]]
    assert weights == pytest.approx([1 / 3] * 3, abs=1e-3)
    monkeypatch.setenv("CONSENSUS_METHOD", "dice")
    with pytest.raises(ContractError, match="robust, weighted, plurality, staple"):
        consolidate(account, context, batch)
