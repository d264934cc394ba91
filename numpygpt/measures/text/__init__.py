"""Measures of texts and of the tokens that they are cut into.

vocabulary  measures of a tokenizer alone; on edits, the distance between two texts
audit       a tokenizer's promises on a text, and what miscounts of bytes would claim
generated   measures of generated text, and of human text beside it
perturbations  a text with mistakes put in

It imports tokenizers and measures/bits. Runs come in.
"""
