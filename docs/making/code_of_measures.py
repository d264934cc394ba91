"""Where each measure of docs/METRICS.md is computed: the line, found by what it says."""

from making.lines import line

SCORES, VOCABULARY = "numpygpt/measures/bits/scores.py", "numpygpt/measures/text/vocabulary.py"
GENERATED, COST = "numpygpt/measures/text/generated.py", "numpygpt/measures/cost.py"
RESULTS, SAMPLES, TABLES = (
    "experiments/runner/results.py",
    "experiments/runner/samples.py",
    "analysis/tables.py",
)

# Measures that share a line, the file, what the line says, and the function or class that narrows it down.
CODE: tuple[tuple[str, str, str, str], ...] = (
    ("bits_per_byte", SCORES, "def bits_per_byte(", ""),
    ("bits_per_char", SCORES, "def bits_per_char(", ""),
    ("bits_per_byte_tokens", SCORES, "def bits_per_byte_tokens(", ""),
    ("bits_per_byte_residual", "numpygpt/measures/bits/residual.py", "def bits(", "class ResidualCoder"),
    ("val_loss", SCORES, "def val_loss(", ""),
    ("train_loss", RESULTS, '"train_loss": train.val_loss', ""),
    (
        "best_val_loss best_step",
        "numpygpt/training/trainer.py",
        "self.state.best_val_loss, ",
        "",
    ),
    ("best_bits_per_byte", "numpygpt/training/trainer.py", "def bits_per_byte(", ""),
    ("train_bits_per_byte", RESULTS, '"train_bits_per_byte":', ""),
    ("gap_bits_per_byte", RESULTS, '"gap_bits_per_byte":', ""),
    ("gap_change_bits_per_byte", RESULTS, "grown = ", ""),
    ("gap_unigram_bits_per_byte", "numpygpt/measures/text/vocabulary.py", "def unigram_gap(", ""),
    ("lost_since_best_bits_per_byte", RESULTS, '"lost_since_best_bits_per_byte":', ""),
    ("bits_per_byte_at_best", TABLES, 'if key == "bits_per_byte_at_best"', ""),
    ("comparable", RESULTS, '"comparable":', ""),
    ("losses", "numpygpt/tokenizers/base.py", "def losses(", ""),
    ("rulers", "numpygpt/measures/baselines.py", "def baselines(", ""),
    ("texts", "experiments/runner/measures.py", "def _text_from_elsewhere(", ""),
    ("vocab_size", "numpygpt/tokenizers/base.py", "def vocab_size(", ""),
    ("chars_per_token chars_per_token_val", VOCABULARY, "def chars_per_token(", ""),
    ("fertility", VOCABULARY, "def fertility(", ""),
    ("words_kept_whole", VOCABULARY, "def words_kept_whole(", ""),
    ("unknown_rate_tokens", VOCABULARY, "def unknown_rate_tokens(", ""),
    ("unknown_rate_chars", VOCABULARY, "def unknown_rate_chars(", ""),
    ("round_trip", VOCABULARY, "def round_trip(", ""),
    ("char_edit_rate", "numpygpt/measures/text/edits.py", "def edit_rate(", ""),
    ("vocab_used", VOCABULARY, "vocab_used=", ""),
    ("vocab_used_train", VOCABULARY, "vocab_used_train=", ""),
    ("rare_tokens", VOCABULARY, "rare_tokens=", ""),
    ("unreachable_tokens", VOCABULARY, "def unreachable_tokens(", ""),
    ("unseen_tokens", VOCABULARY, "unseen_tokens=", ""),
    ("unseen_rate", VOCABULARY, "unseen_rate=", ""),
    ("renyi_efficiency", VOCABULARY, "def renyi_efficiency(", ""),
    ("n_params", "numpygpt/nn/module.py", "def n_params(", ""),
    ("n_params_embedding", "numpygpt/models/gpt.py", "def n_params_embedding(", ""),
    ("embedding_share", TABLES, 'if key == "embedding_share"', ""),
    ("n_params_body", RESULTS, '"n_params_body":', ""),
    ("train_flops", "experiments/runner/budget.py", "def flops_per_update(", ""),
    ("flops_per_byte", RESULTS, '"flops_per_byte":', ""),
    ("train_seconds", RESULTS, '"train_seconds":', ""),
    ("total_seconds", RESULTS, '"total_seconds"', ""),
    ("seconds_per_mb", COST, "def seconds_per_mb(", ""),
    ("train_chars_per_second", TABLES, 'if key == "train_chars_per_second"', ""),
    ("tokens_per_second_generated", SAMPLES, '"tokens_per_second_generated":', ""),
    ("chars_per_second_generated", SAMPLES, '"chars_per_second_generated":', ""),
    ("peak_rss_mb", "experiments/runner/environment.py", "ru_maxrss", ""),
    ("iters", "numpygpt/training/budgets.py", "def updates_for_text(", ""),
    ("schedule_iters", "experiments/configuration/build.py", "def schedule_iters(", ""),
    ("warmup_iters", "experiments/configuration/build.py", "def warmup(", ""),
    ("lr_peak", RESULTS, '"lr_peak":', ""),
    ("epochs", RESULTS, '"epochs":', ""),
    ("tokens_seen", RESULTS, "tokens = ", ""),
    ("chars_seen", RESULTS, "chars = tokens", ""),
    ("context_chars_mean context_chars_min", RESULTS, "def context(", ""),
    ("grad_spikes", COST, "def grad_spikes(", ""),
    ("clipped_share", RESULTS, '"clipped_share":', ""),
    ("loss_spread", COST, "spread = ", ""),
    ("chars_in_500_tokens", GENERATED, "def chars_in_500_tokens(", ""),
    ("n_samples", GENERATED, "n_samples=len", ""),
    ("chars_per_sample", GENERATED, "chars_per_sample=", ""),
    ("word_share", GENERATED, "word_share=", ""),
    ("n_headings", GENERATED, "def headings(", ""),
    ("speaker_share", GENERATED, "speaker_share=", ""),
    ("ngram3_heldout ngram4_heldout ngram5_heldout", GENERATED, "in_held_out = ", ""),
    ("ngram3_train ngram4_train ngram5_train", GENERATED, "in_train = ", ""),
    ("longest_copied_chars", GENERATED, "def longest_shared(", ""),
    ("distinct_1 distinct_2 distinct_3", GENERATED, "distinct = ", ""),
)


def code() -> list[tuple[str, str]]:
    """(measures, link to the line that computes them), in the order of the page."""
    return [
        (", ".join(f"`{key}`" for key in keys.split()), line(path, snippet, within))
        for keys, path, snippet, within in CODE
    ]
