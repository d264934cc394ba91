"""What fills the documents: links to lines of code, values out of kept records, and figures.

A content module (`results`, `backprop`, ...) bears the name of its document in lower case and offers `VALUES`,
functions for its template, and `FIGURES`, drawings by the stem of their file in docs/images/.
"""
