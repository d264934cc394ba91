"""Where the bits go: by kind of byte, by how frequent the word is in training, by place in the window."""

from dataclasses import replace

from analysis.inference.comparisons import Comparison
from analysis.records.settings import Setting
from analysis.tables.cells import measure_table
from analysis.tables.model import Cell, Row, Table

WAYS = {
    "byte_kind": "Where the bits go, by kind of byte",
    "word_frequency": "Where the bits go, by how often the word occurs in training",
    "window_place": "Where the bits go, by how much the model sees before",
}
EVENLY = (
    "bits per byte of the whole text: a row sums to bits/byte; a token's bits are shared evenly by its bytes"
)


def part_keys(setting: Setting, way: str) -> dict[str, str]:
    """Part -> key of its bits per byte, in the order of writing; empty for runs that did not record them."""
    parts = (setting.first("bits_by") or {}).get(way, {})
    return {part: f"bits_by.{way}.{part}" for part in parts}


def part_tables(comparison: Comparison) -> list[Table]:
    """A table for each way to take the bits apart; below the settings the shares of the bytes, where all agree."""
    tables = []
    for way, title in WAYS.items():
        keys = {part: key for s in comparison.settings for part, key in part_keys(s, way).items()}
        table = measure_table(comparison, f"bits_by_{way}", title, list(keys.values()), EVENLY)
        shares = [(s.first("bits_by") or {}).get("share_of_bytes", {}).get(way) for s in comparison.settings]
        if keys and all(share == shares[0] for share in shares):
            cells = tuple(Cell(shares[0].get(part), "percent") for part in keys)
            table = replace(table, rows=(*table.rows, Row((Cell("share of the bytes"), *cells), "baseline")))
        tables.append(table)
    return tables
