"""One sitting of one reviewer: shows what waits, asks what to do, and keeps each review before the next is shown.

Answers are read line by line, so a sitting can be piped in; the end of the input is the end of the sitting.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import typer

from miniatures.checks import CheckReport, run_checks
from miniatures.cli.editor import edit_in_editor
from miniatures.cli.review_screen import (
    show_brief,
    show_draft,
    show_edit,
    show_failed,
    show_pair,
    show_reasons,
    show_rubric,
)
from miniatures.cli.terminal import console, count, plain
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.errors import ExitCode, InputError
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.review.approvals import Decisions
from miniatures.review.email_text import email_of, from_text, to_text
from miniatures.review.queue import DraftToReview, PairToReview, draft_to_review
from miniatures.review.reviewing import Shown, accept, compare, edit, is_swapped, reject, rewrite
from miniatures.review.rubric import reason_texts
from miniatures.store.decide import Outcome
from miniatures.store.drafts import QueuedDraft
from miniatures.store.store import Store

_DRAFT_KEYS = {"a": "accept", "e": "edit", "r": "reject", "w": "rewrite", "s": "skip", "?": "rubric", "q": "quit"}
_TAKE = {"t": "take the edited text"}
_DONE = {
    "accept": "accepted",
    "edit": "edited",
    "reject": "rejected",
    "rewrite": "sent back",
    "compare": "compared",
    "skip": "skipped",
}
_PAIR_KEYS = {"1": "the first", "2": "the second", "t": "tie", "s": "skip", "?": "rubric", "q": "quit"}


_NOT_KEPT = {
    Outcome.DECIDED_MEANWHILE: "somebody else decided about the draft while you read it; it comes up again",
    Outcome.CHANGED_MEANWHILE: "the draft was written again or erased while you read it",
    Outcome.HAS_LEFT: "its email is on its way already",
}


class Quit(Exception):
    """The reviewer has had enough."""


@dataclass
class Sitting:
    """What came of it: `tally` counts reviews by action, and what was skipped or is no longer in the store."""

    store: Store
    loaded: LoadedCampaign
    reviewer: str
    tally: Counter[str] = field(default_factory=Counter)

    def hold(self, sit: Callable[[], None], waiting: int) -> None:
        """Hold the sitting, however it ends, and sum it up.

        Raises:
            typer.Exit: it was interrupted.
        """
        if waiting:
            show_brief(self.loaded.brief)
        interrupted = False
        try:
            sit()
        except (Quit, EOFError):
            pass
        except KeyboardInterrupt:
            interrupted = True
        console().print(f"\n{self._summary(waiting)}")
        if interrupted:
            raise typer.Exit(ExitCode.INTERRUPTED)

    def _summary(self, waiting: int) -> str:
        """What was done, and how much of what waited at the start still waits."""
        done = [f"{self.tally[action]:,} {word}" for action, word in _DONE.items() if self.tally[action]]
        gone = self.tally["gone"]
        left = waiting - sum(self.tally[action] for action in ReviewAction) - gone
        text = f"{', '.join(done) or 'nothing reviewed'}; {left:,} still waiting"
        if gone:
            text += f"; {count(gone, 'draft')} left out: written again or erased since"
        return text[0].upper() + text[1:] + "."

    def review_drafts(self, queued: Sequence[QueuedDraft], limit: int | None) -> None:
        """Show drafts until the last or the limit.

        Raises:
            Quit: the reviewer ended it.
            EOFError: the input ended.
        """
        shown = 0
        for one in queued:
            if shown == limit:
                return
            seen = self.store.decisions_on(one.id)
            waiting = draft_to_review(self.store, one, self._said_of(one))
            if waiting is None:
                self.tally["gone"] += 1
                continue
            shown += 1
            show_draft(waiting, f"{shown} of {_total(queued, limit)}")
            show_edit(waiting)
            self._decide(self._judge(waiting), one, seen)

    def _said_of(self, draft: QueuedDraft) -> Decisions:
        """What was said by now of what was written to its prospect: others decide while the drafts before are read."""
        return Decisions(self.store.reviews_to(draft.campaign, draft.prospect) if draft.prospect else ())

    def review_pairs(self, pairs: Sequence[PairToReview], limit: int | None) -> None:
        """Show comparisons until the last or the limit; raises as `review_drafts` does."""
        for number, pair in enumerate(pairs[:limit], start=1):
            self._keep(self._compare(pair, f"{number} of {_total(pairs, limit)}"))

    def _decide(self, review: Review | None, draft: QueuedDraft, seen: int) -> None:
        """Keep a decision about a draft of which so many were known, unless it would be about something else by now."""
        if review is None:
            self.tally["skip"] += 1
            return
        outcome = asyncio.run(self.store.decide(review, draft.text_hash, seen))
        if outcome is Outcome.KEPT:
            self.tally[review.action.value] += 1
        else:
            console().print(f"[yellow]This is not kept: {_NOT_KEPT[outcome]}.[/]")

    def _keep(self, review: Review | None) -> None:
        if review is None:
            self.tally["skip"] += 1
            return
        asyncio.run(self.store.add_review(review))
        self.tally[review.action.value] += 1

    def _judge(self, waiting: DraftToReview) -> Review | None:
        """The review of one draft; None if it is skipped."""
        edited = waiting.edited_text
        text = to_text(waiting.standing_edit or email_of(waiting.item.answer))
        while True:
            match _choose({**_TAKE, **_DRAFT_KEYS} if edited else _DRAFT_KEYS):
                case "t" if edited:
                    return edit(waiting.item, self.reviewer, edited)
                case "a":
                    review = accept(waiting.item, self.reviewer) if self._may_accept(waiting) else None
                case "e":
                    review, text = self._edit(waiting, text)
                case "r":
                    review = self._reject(waiting)
                case "w":
                    review = self._rewrite(waiting)
                case _:
                    return None
            if review is not None:
                return review

    def _may_accept(self, waiting: DraftToReview) -> bool:
        """Whether no edit is set aside by it, or the reviewer wants that."""
        mine = waiting.edit is not None and waiting.edit.reviewer == self.reviewer
        if waiting.edit is None or (waiting.edit_stands and not mine):
            return True
        return _choose({"y": "accept the draft; the edited text does not go out", "n": "go back"}) == "y"

    def _edit(self, waiting: DraftToReview, text: str) -> tuple[Review | None, str]:
        """The review, or None to choose again, and the text as it was left, so that no work is lost."""
        try:
            saved = edit_in_editor(text)
            if saved is None:
                console().print("Nothing was saved in the editor.")
                return None, text
            text = saved
            edited = from_text(text)
        except InputError as error:
            console().print(f"[red]{plain(error.message)}[/]  [dim]{plain(error.hint)}[/]")
            return None, text
        review = edit(waiting.item, self.reviewer, edited)
        if review.edited is None:
            console().print("Nothing was changed: recorded as accepted.")
        else:
            report = self._checked(edited, waiting)
            if not (report.passed or _choose({"y": "keep it all the same", "n": "go back"}) == "y"):
                return None, text
            review = review.model_copy(update={"overruled": tuple(check.name for check in report.failed)})
        return review, text

    def _checked(self, edited: EmailText, waiting: DraftToReview) -> CheckReport:
        """What the checks say of the reviewer's own version; shown as well."""
        report = run_checks(edited, waiting.case(self.loaded))
        show_failed(report.failed, "Your version, ")
        return report

    def _reject(self, waiting: DraftToReview) -> Review | None:
        show_reasons()
        numbers = {str(number): reason for number, reason in enumerate(reason_texts(), start=1)}
        reason = numbers.get(_line(f"Reason, 1 to {len(numbers)} (anything else goes back): "))
        if reason is None:
            return None
        return reject(waiting.item, self.reviewer, reason, _line("Comment (may be empty): "))

    def _rewrite(self, waiting: DraftToReview) -> Review | None:
        """The wish that it is written again, which `miniatures rewrite` grants; None without a hint."""
        hint = _line("What is to become different? (nothing goes back): ")
        return rewrite(waiting.item, self.reviewer, hint) if hint else None

    def _compare(self, pair: PairToReview, place: str) -> Review | None:
        """The review of one pair; None if it is skipped."""
        swapped = is_swapped(pair.first, pair.second, self.reviewer)
        show_pair(pair, place, swapped=swapped)
        choices = {"1": Shown.LEFT, "2": Shown.RIGHT, "t": Shown.TIE}
        choice = choices.get(_choose(_PAIR_KEYS))
        if choice is None:
            return None
        return compare(pair.first, pair.second, self.reviewer, choice, swapped=swapped)


def _choose(keys: Mapping[str, str]) -> str:
    """A key that the reviewer presses, asked until it is one of them. The rubric is shown here, and quitting leaves."""
    asked = " · ".join(f"[bold]{key}[/] {meaning}" for key, meaning in keys.items())
    while True:
        key = _line(f"{asked} > ").lower()
        if key not in keys:
            if key:
                console().print(f"{plain(key)} is no key here: one of {' '.join(keys)}.")
            continue
        if key == "q":
            raise Quit
        if key != "?":
            return key
        show_rubric()


def _line(prompt: str) -> str:
    return console().input(prompt).strip()


def _total(waiting: Sequence[object], limit: int | None) -> int:
    return len(waiting) if limit is None else min(limit, len(waiting))
