"""Bits of a text: what its tokens cost, and what they leave out.

scores      bits per byte of a text, whole and in blocks          source    a text with its ids and their stretches
residual    the coder of what lossy tokenizers throw away; on mixing, kneser_ney, spelling
arithmetic  the coder that turns bits into a file

It imports tokenizers. The other measures come in, and whoever scores or compresses a text.
"""
