"""Train one GPT per configuration and compare them: `python experiments/run.py -m tokenizer=char,word,bpe`.

`--help` lists what can be set. Everything else is elsewhere: conf/ holds the values, sweeping/ plans which runs
there are and closes with the tables, runner/ is one run from text to result.
"""

import signal

from experiments import cli as cli  # before NumPy is imported


def main() -> None:
    """Exit codes: 0 all runs done, 1 some failed, 2 the command is refused, 130 or 143 stopped by a signal."""
    from experiments.sweeping.command import run

    run()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while the imports take their time, Ctrl-C just ends it
    main()
