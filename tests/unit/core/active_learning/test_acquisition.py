"""Which photos people label next."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooks.core.active_learning.acquisition import Acquisition, choose_batch
from hooks.core.active_learning.prediction import ImagePrediction
from tests.unit.core.active_learning.plans import predict

BY_DOUBT = [Acquisition.ENTROPY, Acquisition.MARGIN, Acquisition.DISAGREEMENT]


@pytest.mark.parametrize("acquisition", BY_DOUBT)
def test_the_least_sure_come_first(acquisition: Acquisition) -> None:
    pool = [predict(line, confidence) for line, confidence in enumerate((0.9, 0.2, 0.5, 0.3))]
    assert choose_batch(pool, [], 2, acquisition, 0).lines == (1, 3)


@pytest.mark.parametrize("acquisition", BY_DOUBT)
def test_validation_photos_as_doubtful_as_the_chosen_leave_their_set(
    acquisition: Acquisition,
) -> None:
    pool = [predict(line, confidence) for line, confidence in enumerate((0.9, 0.2, 0.5, 0.3))]
    validation = [predict(10, 0.1), predict(11, 0.25), predict(12, 0.4)]
    assert choose_batch(pool, validation, 2, acquisition, 0).left_validation == (10, 11)


def test_a_random_choice_leaves_the_validation_set_alone() -> None:
    pool = [predict(line, 0.5) for line in range(20)]
    choice = choose_batch(pool, [predict(30, 0.1)], 5, Acquisition.RANDOM, 1)
    assert choice.left_validation == ()
    assert choice.lines != choose_batch(pool, [], 5, Acquisition.RANDOM, 2).lines


def test_diversity_takes_one_of_each_kind_before_a_second() -> None:
    places = ((0.0, 0.0), (10.0, 0.0), (0.0, 10.0))
    pool = [
        ImagePrediction(line, 0.5, embedding=places[line % 3], main_class="cat", label={"a": 1})
        for line in range(9)
    ]
    chosen = choose_batch(pool, [], 3, Acquisition.DIVERSITY, 4).lines
    assert {line % 3 for line in chosen} == {0, 1, 2}


@given(
    st.dictionaries(st.integers(0, 60), st.floats(0, 1), max_size=40),
    st.integers(0, 12),
    st.sampled_from(Acquisition),
    st.integers(0, 5),
    st.randoms(),
)
@settings(max_examples=80, deadline=None)
def test_no_photo_is_chosen_twice_and_the_order_of_predictions_does_not_matter(
    confidences: dict[int, float], count: int, acquisition: Acquisition, seed: int, random: object
) -> None:
    everything = [predict(line, confidence) for line, confidence in confidences.items()]
    pool, validation = everything[::2], everything[1::2]
    choice = choose_batch(pool, validation, count, acquisition, seed)
    assert len(choice.lines) == min(count, len(pool))
    assert len({*choice.lines, *choice.left_validation}) == len(choice.lines) + len(
        choice.left_validation
    )
    assert {*choice.lines} <= {item.line for item in pool}
    assert {*choice.left_validation} <= {item.line for item in validation}
    again = choose_batch(pool[::-1], validation[::-1], count, acquisition, seed)
    assert again == choice
