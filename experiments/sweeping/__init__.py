"""One command line with many runs: planned, launched, compared. The only room that starts Hydra.

command    Hydra called, its errors in sentences    plan     the runs of a command line, composed and checked
study      plan, launch, close                      launch   Hydra's launchers, signals passed on
task       one run as a launcher calls it           summary  the comparison at the end, the exit code
choose     which runs fit into a limit of minutes   help     the page of --help

It imports runner/ and configuration/; run.py and hydra_plugins/ come in.
"""
