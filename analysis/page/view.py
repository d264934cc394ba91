"""What a report shows, before it is written in any format: the model behind Markdown, terminal and pages."""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.figures.curves import curve_rows, curve_table
from analysis.figures.drawings import Drawing, drawings, scaling_drawing
from analysis.inference.comparisons import Comparison, group_runs
from analysis.inference.wording import Summary, summarize
from analysis.records.collect import Collection, Problem, collect, metrics_frame
from analysis.records.find import Run, runs_in
from analysis.records.serving import DEFAULT, Deployment
from analysis.tables import tokenizers
from analysis.tables.comparison import comparison_table, difference_table, original_table, verdict_table
from analysis.tables.cost import cost_table, given_table, parameter_table, serving_table
from analysis.tables.formats import frame_of
from analysis.tables.model import Table
from analysis.tables.overviews import budget_tables, run_table, scalings
from numpygpt.errors import UserError, did_you_mean


@dataclass(frozen=True)
class Section:
    """One comparison with all that is shown of it. `prefix` keeps its files apart from other sections'."""

    comparison: Comparison
    prefix: str
    tables: tuple[Table, ...]
    drawings: tuple[Drawing, ...]
    summary: Summary
    provenance: str


@dataclass(frozen=True)
class View:
    """Everything a report is made of. `metrics` has every logged line of every readable run.

    overviews, drawings: what reaches beyond one comparison
    """

    collection: Collection
    metrics: pd.DataFrame
    sections: tuple[Section, ...]
    overviews: tuple[Table, ...]
    drawings: tuple[Drawing, ...]
    runs: Table
    problems: tuple[Problem, ...]

    def of(self, folders: Container[str] | None) -> list[Section]:
        """The sections with a run of these folders; all, if none are named."""
        return [
            section for section in self.sections
            if folders is None
            or any(row["folder"] in folders for own in section.comparison.settings for row in own.rows)
        ]  # fmt: skip

    @property
    def tables(self) -> list[tuple[str, str, Table]]:
        """All, each with what its file's name begins with and its comparison, "" for those of no single one."""
        own = [(s.prefix, s.comparison.title, table) for s in self.sections for table in s.tables]
        return [*own, *(("", "", table) for table in (*self.overviews, self.runs))]


def view(folders: Sequence[Run], serve: Deployment = DEFAULT) -> View:
    """Reads the folders and computes all tables; figures are drawn when they are asked for.

    serve: what costs of serving are of
    """
    collection = collect(folders, serve)
    comparisons, more = group_runs(collection)
    metrics, broken = metrics_frame(collection)
    prefixes, sections = _prefixes([c.title for c in comparisons]), []
    for c, prefix in zip(comparisons, prefixes, strict=True):
        rows = curve_rows(c, metrics)
        tables = (*tables_of(c), *([] if rows.empty else [curve_table(c, rows)]))
        said = summarize(c, metrics), provenance(c, collection)
        sections.append(Section(c, prefix, tables, tuple(drawings(c, metrics)), *said))
    problems = tuple(dict.fromkeys([*collection.problems, *more, *broken]))
    grown = scalings(comparisons)
    overviews = (*budget_tables(comparisons), *(table for table, _ in grown))
    drawn = tuple(scaling_drawing(table.name, found) for table, found in grown)
    return View(collection, metrics, tuple(sections), overviews, drawn, run_table(collection), problems)


def tables_of(c: Comparison) -> list[Table]:
    """All tables of a comparison that have something to show, in the order in which a report shows them."""
    tables = [comparison_table(c), original_table(c), verdict_table(c), parameter_table(c)]
    tables += [tokenizers.tokenizer_table(c), tokenizers.baseline_table(c), tokenizers.perturbed_table(c)]
    tables += [cost_table(c), serving_table(c), given_table(c), difference_table(c)]
    tables += tokenizers.part_tables(c) + tokenizers.generated_tables(c) + tokenizers.text_tables(c)
    return [table for table in tables if table and table.rows and len(table.columns) > 1]


def table_frame(places: Sequence[Path], name: str, serve: Deployment) -> pd.DataFrame:
    """A table of a report, those of all comparisons below one another. Raises UserError if there is none."""
    tables = view(runs_in(places), serve).tables
    found = [frame_of(table, title) for _, title, table in tables if table.name == name]
    if not found:
        known = sorted({table.name for _, _, table in tables})
        raise UserError(f"there is no table {name}{did_you_mean(name, known)}: there are {', '.join(known)}")
    return pd.concat(found, ignore_index=True)


def _prefixes(titles: Sequence[str]) -> list[str]:
    """A start of file names per section; empty for an only one."""
    if len(titles) < 2:
        return [""] * len(titles)
    slugs = [re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] for title in titles]
    return [f"{slug}{f'-{i}' if slugs.index(slug) != i else ''}-" for i, slug in enumerate(slugs)]


def provenance(comparison: Comparison, collection: Collection) -> str:
    """Under what circumstances the figures came about."""
    records = [collection.records[row["folder"]].run for s in comparison.settings for row in s.rows]
    text = comparison.text
    share = f"the last {100 * text.val_fraction:g} % of the characters"
    if text.dev_fraction:
        share = f"development text, the last {100 * text.dev_fraction:g} % of what lies before {share}"
    counts = sorted({len(setting.seeds) for setting in comparison.settings})
    numbers = " to ".join(str(n) for n in dict.fromkeys((counts[0], counts[-1])))
    seeds = "one seed" if numbers == "1" else f"{numbers} seeds"
    cpus = {str(record["environment"].get("cpu") or "") for record in records}
    commits = {str(record["git"].get("commit") or "")[:10] for record in records}
    changed = " with local changes" if any(record["git"].get("changed") for record in records) else ""
    said = [
        f"{text.corpus}, sha256 {text.corpus_sha256[:12]}",
        f"judged on {share}, {text.val_bytes:,.0f} bytes; {seeds} per setting",
        ", ".join(sorted(cpus - {""})),
        f"code {', '.join(sorted(commits - {''}))}{changed}",
    ]
    return f"{'; '.join(filter(None, said))}."
