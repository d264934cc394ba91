"""The registry of measures: what every figure is called, how it is written, what it means and where it comes from.

To add a measure: compute it (a key of result.json, or a column of derived.py), register it here, and place its key
in a table of analysis/tables. Tables, figures, page and documents take names, forms and definitions from here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Literal

LOWER: Final = "lower"
HIGHER: Final = "higher"


@dataclass(frozen=True)
class Measure:
    """One measure, by the key under which result.json holds it.

    form: a format spec for floats, or percent, share (of 1), count, si, yesno, text, seconds. Intervals of all but
    signed ones ("+.3f") end at zero, those of shares and percentages at 1, too.
    better: which direction is better, if any.   source: the package and the function or file that computes it.
    """

    key: str
    label: str
    form: str = ".3g"
    unit: str = ""
    better: Literal["lower", "higher", ""] = ""
    definition: str = ""
    source: str = ""

    @property
    def heading(self) -> str:
        """The label with its unit, for columns: `loss/token (nats)`."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def meaning(self) -> str:
        """The definition and the better direction, in plain text."""
        return f"{self.definition} {self.better.capitalize()} is better." if self.better else self.definition


def _from(source: str, *measures: Measure) -> Iterator[tuple[str, Measure]]:
    return ((measure.key, replace(measure, source=source)) for measure in measures)


MEASURES: dict[str, Measure] = dict([
    *_from(
        "numpygpt/measures: scores",
        Measure("bits_per_byte", "bits/byte", ".3f", "", LOWER,
                "Bits that a reader with this model needs per byte of the validation text to restore it exactly."),
        Measure("bits_per_byte_tokens", "tokens (floor)", ".3f", "", LOWER,
                "The model's part of the bits per byte: the tokens alone, as if what the tokenizer loses were "
                "free."),
        Measure("bits_per_byte_residual", "residual", ".3f", "", LOWER,
                "Bits per byte that restore what the tokenizer threw away: case, spaces, unknown words."),
        Measure("bits_per_char", "bits/char", ".3f", "", LOWER,
                "The same bits per character instead of per byte; for plain English the two are equal."),
        Measure("bits_by", "bits by part", "text", "", "",
                "Bits per byte taken apart: by kind of byte, frequency of the word, place in the window."),
        Measure("val_loss", "loss/token", ".3f", "nats", LOWER,
                "Mean loss per token over the whole validation text, never to be compared between vocabularies."),
    ),
    *_from(
        "experiments/runner: finish",
        Measure("train_loss", "training loss/token", ".3f", "nats", LOWER,
                "Mean loss per token over the end of the training text, as long as the validation text."),
        Measure("train_bits_per_byte", "training bits/byte", ".3f", "", LOWER,
                "Bits per byte of the end of the training text, as long as the validation text, charged alike."),
        Measure("gap_bits_per_byte", "gap", "+.3f", "", LOWER,
                "Bits per byte on validation text less bits per byte on training text, at the end."),
        Measure("gap_change_bits_per_byte", "gap growth", "+.3f", "", LOWER,
                "How much the gap has grown since before the first update: memory, and difficulty learned."),
        Measure("gap_unigram_bits_per_byte", "gap of a unigram", "+.3f", "", "",
                "The same gap for a model that has seen neither passage: the frequencies of single tokens."),
        Measure("losses", "losses", "text", "", "",
                "What decoding may lose, in words; empty for a lossless tokenizer."),
        Measure("baselines", "baselines", "text", "", "",
                "What programs without a neural network need for the same text, in bits per byte."),
        Measure("texts", "texts", "text", "", "",
                "Extra texts (eval.texts), scored in the same way: bits per byte, unknown rates, round trip."),
        Measure("perturbed", "rise by mistakes", "text", "", LOWER,
                "By how many bits per byte the validation text costs more with mistakes put into it (--perturb)."),
    ),
    *_from(
        "experiments/runner: results",
        Measure("best_val_loss", "best loss/token", ".3f", "nats", LOWER,
                "The lowest validation loss of any evaluation during training."),
        Measure("best_bits_per_byte", "best bits/byte", ".3f", "", LOWER,
                "The lowest bits per byte of any evaluation: of a few windows, and chosen on validation."),
        Measure("best_step", "best at update", "count", "", "",
                "The update at which the best evaluation was made."),
        Measure("lost_since_best_bits_per_byte", "lost since best", "+.3f", "", LOWER,
                "By how much the last evaluation lies above the best one: what training on has cost."),
        Measure("grad_spikes", "gradient spikes", ".1f", "", LOWER,
                "Logged updates whose gradient norm exceeds three times the median of the fifty before."),
        Measure("clipped_share", "steps clipped", "percent", "", "",
                "Share of the updates whose gradient was scaled down because its norm exceeded the limit."),
        Measure("loss_spread", "spread of loss", "percent", "", LOWER,
                "Standard deviation over mean of the training loss in the last tenth of the logged updates."),
    ),
    *_from(
        "numpygpt/measures: vocabulary",
        Measure("vocab_size", "vocabulary", "count", "", "",
                "Entries of the vocabulary: special tokens, alphabet, byte tokens and merges or words."),
        Measure("chars_per_token", "chars/token", ".2f", "", "",
                "Characters of training text per token, the tokenizer's rate of compression."),
        Measure("chars_per_token_val", "chars/token, validation", ".2f", "", "",
                "Characters of validation text per token."),
        Measure("fertility", "tokens/word", ".2f", "", LOWER,
                "Tokens per word, words being what stands between whitespace."),
        Measure("words_kept_whole", "words kept whole", "percent", "", HIGHER,
                "Share of words that lie inside one single token which is not unknown."),
        Measure("unknown_rate_tokens", "unknown tokens", "percent", "", LOWER,
                "Share of the tokens that are <unk>."),
        Measure("unknown_rate_chars", "unknown chars", "percent", "", LOWER,
                "Share of the characters that stand behind an <unk>, dropped spaces before them included."),
        Measure("round_trip", "exact round trip", "yesno", "", "",
                "Whether decoding the encoded validation text gives back the very same text."),
        Measure("char_edit_rate", "character edit rate", "percent", "", LOWER,
                "Characters to insert, delete or replace in the decoded text per character of the source."),
        Measure("vocab_used", "vocabulary used", "percent", "", HIGHER,
                "Share of the vocabulary that occurs in the validation text."),
        Measure("vocab_used_train", "used in training", "percent", "", HIGHER,
                "Share of the vocabulary that occurs in the training text."),
        Measure("rare_tokens", "rare tokens", "count", "", LOWER,
                "Entries of the vocabulary seen fewer than five times in training: hardly learned."),
        Measure("unreachable_tokens", "unreachable tokens", "count", "", LOWER,
                "Entries whose own text does not encode to just that entry: no text can bring them up alone."),
        Measure("unseen_tokens", "tokens unseen in training", "count", "", LOWER,
                "Distinct tokens of the validation text that never occurred in the training text."),
        Measure("unseen_rate", "unseen, share of tokens", "percent", "", LOWER,
                "Share of the validation tokens that never occurred in training: never trained as input."),
        Measure("renyi_efficiency", "Rényi efficiency", "share", "", HIGHER,
                "How evenly training uses the vocabulary, 0 to 1: Rényi entropy (alpha 2.5) over its maximum."),
    ),
    *_from(
        "numpygpt/models: GPT",
        Measure("n_params", "parameters", "si", "", "", "Parameters of the model, every number that is trained."),
        Measure("n_params_embedding", "embedding parameters", "si", "", "",
                "Parameters of tokens and positions: their tables and the output head, biases included."),
        Measure("n_params_body", "body", "si", "", "",
                "Parameters of the blocks, the part that is the same for every vocabulary."),
    ),
    *_from(
        "analysis/records: derived",
        Measure("bits_per_token", "bits/token", ".3f", "", "",
                "The mean loss per token in bits: what a token costs."),
        Measure("bytes_per_token", "bytes/token", ".2f", "", "",
                "Bytes of the validation text per token: bits/token over the floor in bits/byte."),
        Measure("embedding_share", "embedding share", "percent", "", "",
                "The embedding-related share of the parameters."),
        Measure("bits_per_byte_at_best", "bits/byte at best", ".3f", "", LOWER,
                "The final figure if training had stopped at the best evaluation; chosen on validation."),
        Measure("train_chars_per_second", "chars/s", "count", "", HIGHER,
                "Characters of text trained on per second."),
        Measure("shared_cores", "shared cores", "yesno", "", "",
                "Whether another of these runs went on at the same time on the same machine."),
        Measure("other_seconds", "beside training", "seconds", "", LOWER,
                "Seconds of the run that were no training: its texts, evaluations, scores, samples and measures."),
    ),
    *_from(
        "analysis/records: derived, serving",
        Measure("forward_flops_per_byte", "FLOPs/byte, as trained", "si", "", LOWER,
                "Floating-point operations to write a byte of text with the model as it was trained, window full."),
        Measure("serving_flops_per_byte", "FLOPs/byte, served", "si", "", LOWER,
                "Floating-point operations to write a byte of text in the deployment that is named, cache full."),
        Measure("cache_bytes_per_byte", "cache/byte", "si", "bytes", LOWER,
                "Bytes that each byte of text adds to the deployment's key/value cache, at 16 bits a number."),
        Measure("bits_per_byte_at_equal_cost", "bits/byte at equal cost", ".3f", "", LOWER,
                "Bits per byte at the least cost, as trained, that every tokenizer has come down to."),
    ),
    *_from(
        "experiments/runner: results",
        Measure("train_flops", "training FLOPs", ".3g", "", LOWER,
                "Floating-point operations of training; a multiplication and an addition are two."),
        Measure("flops_per_byte", "FLOPs/byte", "si", "", LOWER,
                "Floating-point operations of training per byte of text that goes through it."),
        Measure("train_seconds", "training", "seconds", "", LOWER,
                "Seconds of training alone, evaluations left out, on this machine."),
        Measure("total_seconds", "whole run", "seconds", "", LOWER,
                "Seconds from the start to the end of the run."),
        Measure("seconds_per_mb", "s/MB", ".1f", "", LOWER,
                "Seconds of training per 10^6 bytes of text that went through it, repeated ones included."),
        Measure("tokens_per_second_generated", "generated tokens/s", "count", "", HIGHER,
                "Tokens generated per second from one prompt."),
        Measure("chars_per_second_generated", "generated chars/s", "count", "", HIGHER,
                "Characters generated per second from one prompt, the rate that a reader sees."),
        Measure("peak_rss_mb", "peak memory", ".0f", "MB", LOWER,
                "The most memory that the run's process and its workers held together, in MiB."),
    ),
    *_from(
        "experiments/runner: results",
        Measure("iters", "updates", "count", "", "", "Updates of the parameters."),
        Measure("schedule_iters", "schedule", "count", "updates", "",
                "Updates over which the learning rate's schedule runs."),
        Measure("warmup_iters", "warm-up", "count", "updates", "", "Updates over which the learning rate rises."),
        Measure("lr_peak", "peak lr", ".2g", "", "",
                "The highest learning rate; under Muon, that of the matrices inside the blocks."),
        Measure("epochs", "epochs", ".2f", "", "", "How often the training text was gone through."),
        Measure("tokens_seen", "tokens seen", "si", "", "", "Tokens trained on, repeated ones included."),
        Measure("chars_seen", "chars seen", "si", "", "",
                "Characters of text trained on, repeated ones included."),
        Measure("context_chars_mean", "context, mean", ".0f", "chars", "",
                "Characters before a token that the model can see, on average over the validation text."),
        Measure("context_chars_min", "context, least", ".0f", "chars", "",
                "The fewest characters before a token that the model sees once its window has been full."),
    ),
    *_from(
        "numpygpt/measures: generated",
        Measure("chars_in_500_tokens", "chars in 500 tokens", "count", "", "",
                "Characters that 500 generated tokens come to."),
        Measure("n_samples", "samples", "count", "", "", "Samples that were judged together."),
        Measure("chars_per_sample", "chars/sample", "count", "", "", "Characters of each sample, on average."),
        Measure("word_share", "real words", "percent", "", HIGHER,
                "Share of the generated words that are words of the training text."),
        Measure("n_headings", "headings", "count", "", "",
                "Speaker headings: lines that end in a colon, at the start or after an empty line."),
        Measure("speaker_share", "real speakers", "percent", "", HIGHER,
                "Share of the headings that name a speaker of the training text, if that has headings."),
        *(Measure(f"ngram{n}_heldout", f"{n}-grams in held-out text", "percent", "", HIGHER,
                  f"Share of runs of {n} words that occur in held-out text: phrases that people write.")
          for n in (3, 4, 5)),
        *(Measure(f"ngram{n}_train", f"{n}-grams in training text", "percent", "", "",
                  f"Share of runs of {n} words that occur in training text: copying, if far above human text.")
          for n in (3, 4, 5)),
        Measure("longest_copied_chars", "longest copy", "count", "chars", "",
                "Characters of the longest stretch of any sample that stands in the training text."),
        Measure("distinct_1", "distinct-1", "share", "", HIGHER,
                "Share of the generated words that are different ones: low for text that repeats itself."),
        *(Measure(f"distinct_{n}", f"distinct-{n}", "share", "", HIGHER,
                  f"Share of the runs of {word} words that are different ones.")
          for n, word in ((2, "two"), (3, "three"))),
    ),
])  # fmt: skip


@cache
def measure(key: str) -> Measure:
    """The measure of a key such as `generated.word_share`; one that is not registered goes by its own name."""
    group, _, name = key.partition(".")  # the rate of a perturbation may have a point
    name = name if group == "perturbed" else key.rpartition(".")[2]
    form = {"bits_by": ".3f", "perturbed": "+.3f"}.get(group, ".3g")
    known = MEASURES.get(name) or Measure(name, name.replace("_", " "), form)
    return replace(known, key=key)


def glossary() -> str:
    """All measures as a Markdown table: key, label with unit, better direction, definition, source."""
    rows = ["| key | shown as | better | what it is | computed in |", "| --- | --- | --- | --- | --- |"]
    for m in MEASURES.values():
        definition = m.definition.replace("<", "&lt;").replace("|", "\\|")
        rows.append(f"| `{m.key}` | {m.heading} | {m.better or 'neither'} | {definition} | {m.source} |")
    return "\n".join(rows) + "\n"
