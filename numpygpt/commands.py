"""What every command does alike: errors to sentences and exit codes (standard library only)."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence

from numpygpt.errors import UserError
from numpygpt.printing import print_anything

STOPPED = 130  # 128 and the number of SIGINT, as shells have it


def run_command(
    parser: ArgumentParser, work: Callable[[Namespace], int | None], argv: Sequence[str] | None = None
) -> int:
    """Parses `argv` and works; returns the exit code: what `work` returned, 0 for None.

    A UserError gives 2 and one line, `PROG: sentence`, Ctrl-C 130; a reader that leaves (`| head`) is no error.
    """
    print_anything()
    try:
        status = work(parser.parse_args(argv))
        sys.stdout.flush()
        return status or 0
    except UserError as error:
        return refused(parser.prog, error)
    except KeyboardInterrupt:
        print(f"{parser.prog}: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def refused(program: str, *errors: UserError) -> int:
    """A line for each error; the exit code."""
    for said in dict.fromkeys(map(str, errors)):
        print(f"{program}: {said}", file=sys.stderr)
    return 2


def require_at_least(least: int, chosen: Namespace, *options: str) -> None:
    """Raises UserError for an option that is given and below `least`."""
    for option in options:
        value = getattr(chosen, option)
        if value is not None and value < least:
            raise UserError(f"--{option}={value} is not possible: it may be {least} or more")
