"""What each setting is made of and was given: parameters, seconds and FLOPs, updates and context."""

from dataclasses import replace

from analysis.inference.choices import at_equal_cost
from analysis.inference.comparisons import Comparison
from analysis.records.display import show
from analysis.tables.cells import measure_table
from analysis.tables.model import Cell, Row, Table, measure_column

PARAMETERS = ("vocab_size", "n_params", "n_params_embedding", "embedding_share", "n_params_body")
COST = (
    *("shared_cores", "train_seconds", "other_seconds", "total_seconds", "train_chars_per_second"),
    *("seconds_per_mb", "train_flops", "flops_per_byte", "peak_rss_mb"),
    *("tokens_per_second_generated", "chars_per_second_generated"),
    *("grad_spikes", "clipped_share", "loss_spread"),
)
GIVEN = (
    *("iters", "epochs", "chars_seen", "tokens_seen", "context_chars_mean", "context_chars_min"),
    *("lr_peak", "schedule_iters", "warmup_iters", "train_bits_per_byte", "gap_unigram_bits_per_byte"),
    *("bits_per_byte_at_best", "best_step"),
)
SERVING, OWN = ("serving_flops_per_byte", "cache_bytes_per_byte"), "forward_flops_per_byte"


def parameter_table(comparison: Comparison) -> Table:
    note = "embedding parameters: token and position tables and the output head, biases included"
    return measure_table(comparison, "parameters", "Parameters", PARAMETERS, note)


def cost_table(comparison: Comparison) -> Table:
    shared = any(s.estimate("shared_cores").mean > 0 for s in comparison.settings)
    note = "shared cores: other runs went on at the same time; their seconds say little about those of a run alone"
    return measure_table(comparison, "cost", "Cost and stability", COST, *([note] if shared else []))


def serving_table(comparison: Comparison) -> Table:
    """What it costs to write text in the deployment that the reader names; bits per byte at equal cost."""
    title = f"Serving text with {comparison.deployment.words}"
    cost, at_cost = at_equal_cost(comparison.families, OWN)
    notes = (
        "a lossy tokenizer's model writes less than the text: its bits/byte are charged, what it writes is not",
        f"at equal cost: of a model that costs {show(cost, 'si')} FLOPs/byte as trained, read off between two "
        "sizes; or less: its dearest costs less than that",
    )
    table = measure_table(comparison, "serving", title, ("bits_per_byte", *SERVING, OWN), *notes)
    rows = []
    for setting, row in zip(comparison.settings, table.rows, strict=True):
        bits, at_most = at_cost.get(setting.label, (None, False))
        rows.append(Row((*row.cells, Cell(bits, ".3f", mark="or less" if at_most else ""))))
    at_equal = replace(measure_column("bits_per_byte_at_equal_cost"), priority=4)
    columns = (replace(c, priority=5 if c.key == OWN else i) for i, c in enumerate(table.columns))
    return replace(table, columns=(*columns, at_equal), rows=tuple(rows)).without_empty()


def given_table(comparison: Comparison) -> Table:
    note = "best: chosen on validation, never the headline"
    return measure_table(comparison, "settings", "What each was given", GIVEN, note)
