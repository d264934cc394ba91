"""What each setting is made of and was given: parameters, seconds and FLOPs, updates and context."""

from analysis.inference.comparisons import Comparison
from analysis.tables.cells import measure_table
from analysis.tables.model import Table

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


def parameter_table(comparison: Comparison) -> Table:
    note = "embedding parameters: token and position tables and the output head, biases included"
    return measure_table(comparison, "parameters", "Parameters", PARAMETERS, note)


def cost_table(comparison: Comparison) -> Table:
    shared = any(s.estimate("shared_cores").mean > 0 for s in comparison.settings)
    note = "shared cores: other runs went on at the same time; their seconds say little about those of a run alone"
    return measure_table(comparison, "cost", "Cost and stability", COST, *([note] if shared else []))


def given_table(comparison: Comparison) -> Table:
    note = "best: chosen on validation, never the headline"
    return measure_table(comparison, "settings", "What each was given", GIVEN, note)
