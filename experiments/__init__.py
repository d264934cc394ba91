"""The commands, each an argument parser and one call, and the rooms behind them.

Imports point down: run, sample, score, compress, decompress, export, show_tokens and benchmark; then sweeping/ (many
runs) and benchmarks/ (speed); runner/ (one run); trained/ (finished runs); configuration/ and cli/.
"""
