"""The commands, each an argument parser and one call, and the rooms behind them.

Imports point down: the doors; sweeping/ (many runs); runner/ (one run); trained/ (finished runs);
configuration/ and cli/.
"""
