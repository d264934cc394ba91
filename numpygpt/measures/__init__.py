"""What is measured; docs/METRICS.md defines every number.

scores      bits per byte of a text, charged for everything, whole and in blocks
residual    what lossy tokenizers throw away, in bits; on mixing, kneser_ney, spelling, source
arithmetic  the coder that turns those bits into a file
rulers      what compressors and Kneser-Ney models need for the same text
vocabulary  measures of a tokenizer alone; on edits
generated   measures of generated text, and of human text beside it
cost        operations, seconds, stability
"""
