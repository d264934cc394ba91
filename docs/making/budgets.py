"""The quick size under three budgets: who leads by how much, how sure that is, and what a budget changes."""

import math
from collections.abc import Sequence
from itertools import combinations

from analysis.display import plus_minus
from analysis.groups import Comparison, Ruler
from analysis.overviews import REVERSAL, dependence
from analysis.table import Cell
from analysis.tables import bits_cell
from analysis.uncertainty import MIN_SEEDS
from analysis.verdicts import COUNT, SMALL, Outcome, Verdict
from experiments.configuration.identity import RESULTS_VERSION
from making.original import NAMES, long_runs, training
from making.records import Study, study
from making.words import listed, markdown_table
from numpygpt.errors import UserError

STUDIES = {"quick-iters": "equal updates", "quick-text": "equal text", "quick-flops": "equal compute"}


def quick_studies() -> list[Study]:
    """Those of the three that are kept, with seeds enough to rank all four tokenizers.

    As soon as one of them is of the code's own numerics, those of older ones are left out.
    """
    found = [s for s in map(study, STUDIES) if set(NAMES) <= set(s.labels) and fewest_seeds(s) >= MIN_SEEDS]
    return [s for s in found if not is_stale(s)] or found


def fewest_seeds(study: Study) -> int:
    return min(len(study.group(label).seeds) for label in study.labels)


def is_stale(study: Study) -> bool:
    """Whether runs of it were trained by earlier numerics than those of the code, which differ."""
    records = study.collection.records.values()
    return any(record["identity"]["results_version"] != RESULTS_VERSION for record in records)


def measured() -> Study:
    """The study that figures and sentences on single models speak of: the long runs once all have ended."""
    return long_runs() if not training() else quick_studies()[0]


def comparisons() -> list[Comparison]:
    return [found.only for found in quick_studies()]


def labels() -> list[str]:
    """The tokenizers of the quick studies, in the order of the tables."""
    return list(dict.fromkeys(label for found in quick_studies() for label in found.labels))


def seeds() -> str:
    """How many seeds each setting has, in words: `five seeds`, `three to five seeds`."""
    found = [len(group.seeds) for c in comparisons() for group in c.groups]
    low, high = (COUNT[n] if n < len(COUNT) else str(n) for n in (min(found), max(found)))
    return f"{low if low == high else f'{low} to {high}'} seed{'s' * (max(found) > 1)}"


A_TOKEN = {
    "char": "a character",
    "word": "a word in lower case, or a mark",
    "bpe": "a frequent piece of a word, or a word",
    "bpe-bytefallback": "the same, rare characters as bytes",
}


def budget_table(explained: bool = False) -> str:
    """Bits per byte with intervals over seeds: tokenizers by budgets, bold where one beats all others.

    `explained`: with a column that says what a token is.
    """
    found = comparisons()
    rows: list[list[str | Cell]] = [
        [label, *(bits_cell(c, next(g for g in c.groups if g.label == label)) for c in found)]
        for label in labels()
    ]
    rows.append([f"counting: {counting().label}", *[Cell(counting().bits_per_byte, ".3f")] * len(found)])
    heads = ["tokenizer", *map(budget_head, quick_studies())]
    if not explained:
        return markdown_table(heads, rows)
    explained_rows = [
        [name, A_TOKEN.get(str(name), "no network: n-grams of characters"), *rest] for name, *rest in rows
    ]
    return markdown_table(["tokenizer", "a token is", *heads[1:]], explained_rows, left=2)


def budget_head(found: Study) -> str:
    """`equal text: 768,000 characters`."""
    amounts = {"iters": "{:,.0f} updates", "text": "{:,.0f} characters", "flops": "{:.3g} operations"}
    budget = found.only.groups[0].identity
    kind = str(budget["budget.kind"])
    amount = float(budget["budget.chars" if kind == "text" else f"budget.{kind}"])
    return f"{STUDIES[found.name]}: {amounts[kind].format(amount)}".replace("e+", "e")


def pair_table() -> str:
    """Every pair under every budget: who needs fewer bits, and by how much."""
    found = comparisons()
    pairs = list(combinations(labels(), 2))
    rows = [[f"{a} or {b}", *(pair_words(verdict_of(c, a, b)) for c in found)] for a, b in pairs]
    return markdown_table(["", *(STUDIES[s.name] for s in quick_studies())], rows)


def pair_notes() -> str:
    """What the words of the pair table mean, for those that it holds."""
    table, notes = pair_table(), []
    if "at least" in table:
        notes.append(
            '"At least": one of the two loses text, and the lead counts from its ceiling or to its floor, so that'
            " it holds under any coder for what is lost that is as good as ours."
        )
    if "depends on" in table:
        notes.append(
            '"Depends on the residual coder": one of the two loses text, and the other lies between its floor and'
            " its ceiling."
        )
    return " ".join(notes)


def verdict_of(comparison: Comparison, a: str, b: str) -> Verdict:
    return next(v for v in comparison.conclusion.verdicts if {v.a, v.b} == {a, b})


def pair_words(verdict: Verdict) -> str:
    """`word by 0.32 ± 0.02`."""
    if verdict.outcome is Outcome.BETTER and verdict.seeds is not None:
        least = "at least " * verdict.bound
        return f"{verdict.a} by {least}{plus_minus(verdict.seeds.value, verdict.seeds.half)}"
    return {Outcome.TIED: "not told apart", Outcome.DEPENDS: "depends on the residual coder"}.get(
        verdict.outcome, "no ranking"
    )


def sure() -> list[tuple[str, str]]:
    """The pairs (better, worse) that are ranked the same way under every budget, intervals included."""
    found: list[set[tuple[str, str]]] = [
        {(v.a, v.b) for v in c.conclusion.verdicts if v.winner} for c in comparisons()
    ]
    chosen = set.intersection(*found)
    place = labels().index
    return sorted(chosen, key=lambda pair: (place(pair[0]), place(pair[1])))


def leaders() -> dict[str, str]:
    """Who beats all others, per budget; an empty string where nobody does."""
    return {STUDIES[s.name]: s.only.conclusion.leader or "" for s in quick_studies()}


def always_leader() -> str:
    """Who beats all others under every budget, or nobody: an empty string."""
    found = set(leaders().values())
    return found.pop() if len(found) == 1 else ""


def closest_lead(leader: str) -> str:
    """By how much it leads the closest of its rivals, over the budgets: `0.32 to 0.46`."""
    rivals = [label for label in labels() if label != leader]
    leads = [min(_lead(c, leader, rival) for rival in rivals) for c in comparisons()]
    return _from_to(leads)


def n_pairs() -> int:
    return len(list(combinations(labels(), 2)))


def depends() -> list[str]:
    """Sentences: which verdicts are not the same under all budgets; none if all are."""
    return [s for s in dependence(comparisons()) if "depends on the budget:" in s]


def reversals() -> list[str]:
    """Those in which one budget ranks a pair one way and another the other way."""
    return [s for s in depends() if s.startswith(REVERSAL)]


def under() -> str:
    """Where a verdict holds that is the same in all studies: `under every budget`, or under the only one."""
    found = quick_studies()
    return "under every budget" if len(found) > 1 else f"under {STUDIES[found[0].name]}"


def counting() -> Ruler:
    """The best Kneser-Ney model of characters. Raises UserError if the kept runs tell of none."""
    if (found := comparisons()[0].counting) is None:
        raise UserError(f"docs/results/{quick_studies()[0].name} has no Kneser-Ney among its baselines")
    return found


def counting_table() -> str:
    """Every tokenizer beside counting under every budget: who needs fewer bits, and by how much."""
    rows = []
    for label in labels():
        against = [next(v for v in c.against_counting if label in (v.a, v.b)) for c in comparisons()]
        rows.append([label, *(pair_words(v).replace(counting().label, "counting") for v in against)])
    return markdown_table(["", *(STUDIES[s.name] for s in quick_studies())], rows)


def below_counting() -> str:
    """`word under equal updates and equal compute`, for all that surely beat it; `nobody` if none does."""
    winners: list[str] = []
    for label in labels():
        better = [s for s in quick_studies() if label in {v.winner for v in s.only.against_counting}]
        if better:
            winners.append(f"{label} under {listed([STUDIES[s.name] for s in better])}")
    return "; ".join(winners) or "nobody"


def close_pair() -> tuple[str, str]:
    """The two tokenizers that are the least apart."""
    return min(combinations(labels(), 2), key=lambda pair: abs(_lead_of_either(comparisons()[0], *pair)))


def _lead_of_either(comparison: Comparison, a: str, b: str) -> float:
    seeds = verdict_of(comparison, a, b).seeds
    return seeds.value if seeds else math.inf


def shown_from() -> str:
    """Of the close pair, per budget: the difference that would have been shown, and the seeds for a small one."""
    found = [verdict_of(c, *close_pair()) for c in comparisons()]
    least = [f"{v.shown_from:.3f} bits per byte under {STUDIES[s.name]}"
             for v, s in zip(found, quick_studies(), strict=True)]  # fmt: skip
    seeds = [str(v.seeds_for_small or "more than 1,000") for v in found]
    enough = f"To show one of {SMALL} takes {listed(seeds)} seeds each, and a longer text"
    return f"a true difference of {listed(least)} would have been shown in 8 of 10 cases. {enough}"


def text_per_update() -> str:
    """How many times the text of char an update shows a model of bpe to one of word: `2.9 to 3.7`."""
    study = quick_studies()[0]
    times = [study.mean(label, "chars_seen") / study.mean("char", "chars_seen") for label in labels()]
    return f"{sorted(times)[1]:.1f} to {max(times):.1f}"


def spread(pair: Sequence[str]) -> str:
    """The least and the greatest lead of a pair over the budgets, in bits per byte: `0.29 to 0.46`."""
    return _from_to([_lead(c, *pair) for c in comparisons()])


def _lead(comparison: Comparison, better: str, worse: str) -> float:
    """How many bits per byte fewer, as the verdict counts it; NaN without one."""
    verdict = verdict_of(comparison, better, worse)
    return verdict.seeds.value if verdict.seeds and verdict.a == better else math.nan


def _from_to(values: Sequence[float]) -> str:
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{low} to {high}"
