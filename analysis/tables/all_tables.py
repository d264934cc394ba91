"""All tables of a comparison, in the order in which a report shows them."""

from collections.abc import Callable

from analysis.inference.comparisons import Comparison
from analysis.tables.comparison import comparison_table, difference_table, original_table, verdict_table
from analysis.tables.cost import cost_table, given_table, parameter_table
from analysis.tables.model import Table
from analysis.tables.parts import part_tables
from analysis.tables.tokenizers import baseline_table, generated_tables, text_tables, tokenizer_table

TABLES: tuple[Callable[[Comparison], Table | None], ...] = (
    *(comparison_table, original_table, verdict_table, parameter_table, tokenizer_table),
    *(baseline_table, cost_table, given_table, difference_table),
)


def tables_of(comparison: Comparison) -> list[Table]:
    """All tables that have something to show."""
    tables = [table for fill in TABLES if (table := fill(comparison)) is not None]
    tables += part_tables(comparison) + generated_tables(comparison) + text_tables(comparison)
    return [t for t in tables if t.rows and len(t.columns) > 1]
