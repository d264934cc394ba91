"""All tables of a comparison, in the order in which a report shows them."""

from analysis.inference.comparisons import Comparison
from analysis.tables.comparison import comparison_table, difference_table, original_table, verdict_table
from analysis.tables.cost import cost_table, given_table, parameter_table, serving_table
from analysis.tables.model import Table
from analysis.tables.parts import part_tables
from analysis.tables.tokenizers import (
    baseline_table,
    generated_tables,
    perturbed_table,
    text_tables,
    tokenizer_table,
)


def tables_of(c: Comparison) -> list[Table]:
    """All tables that have something to show."""
    tables = [comparison_table(c), original_table(c), verdict_table(c), parameter_table(c)]
    tables += [tokenizer_table(c), baseline_table(c), perturbed_table(c), cost_table(c), serving_table(c)]
    tables += [given_table(c), difference_table(c)]
    tables += part_tables(c) + generated_tables(c) + text_tables(c)
    return [table for table in tables if table and table.rows and len(table.columns) > 1]
