"""Parsers of the commands' arguments, and what several of them take."""

import argparse


def new_parser(name: str, description: str) -> argparse.ArgumentParser:
    """`name` is the command's file, `description` its docstring, of which --help shows the first line."""
    return argparse.ArgumentParser(prog=name, description=description.splitlines()[0])


def add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", help="a run folder, or (the beginning of) a run's name under outputs/")


def file_parser(name: str, description: str) -> argparse.ArgumentParser:
    """RUN FILE -o OUT [--force], as compress.py and decompress.py take them."""
    parser = new_parser(name, description)
    add_run(parser)
    parser.add_argument("file", metavar="FILE", help="the file to read; - for standard input")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="what to write; - for stdout")
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")
    return parser
