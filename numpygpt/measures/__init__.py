"""What is measured; docs/METRICS.md defines every number.

bits       bits per byte of a text, charged for all that its tokenizer throws away; the codes that prove it
text       measures of a tokenizer alone and of generated text
baselines  what compressors and Kneser-Ney models need for the same text
cost       operations, seconds, stability

It imports tokenizers, no models: it is given the nats of each token. Runs and commands come in.
"""
