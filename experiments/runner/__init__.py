"""One run, from a configuration to a finished folder: prepare, train, finish.

job          the run itself                     results, measures, samples   what is computed when it is trained
texts        tokenizer fitted, text as ids      environment                  on what it ran: run.json
budget       updates and memory it may take     progress                     what a person sees meanwhile
failures     what may go wrong                  interrupts                   signals

It imports trained/ and configuration/, and numpygpt. Come here to add a budget (budget.py) or a measure (results.py
or measures.py; then analysis/records/measures.csv).
"""
