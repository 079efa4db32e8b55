"""What a model's class numbers are called: said by its answers, or known beforehand."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.auto_labeling.answers.answer_json import class_names
from scripts.auto_labeling.answers.model_answer import ClassesDifferError


@dataclass(frozen=True, slots=True)
class KnownClasses:
    """What is known before any answer; what an answer says itself goes before it.

    Attributes:
        names: by number, from 0 on; empty where nobody has said them.
    """

    names: tuple[str, ...] = ()

    def of_answer(self, said: object, field: str) -> tuple[str, ...]:
        """The classes of an answer that says them itself, or does not (None).

        Raises:
            UnreadableAnswerError: what it says is no list of names.
            ClassesDifferError: nobody says any.
        """
        if said is None:
            if not self.names:
                raise ClassesDifferError(
                    "the model's answers give classes by number and do not name them: say their "
                    "names in the order of their numbers, from 0 on."
                )
            return self.names
        return class_names(said, field)
