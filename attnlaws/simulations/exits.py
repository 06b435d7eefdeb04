"""Parsing and exit codes; imports nothing of weight, so that a quick command stays quick."""

import argparse
import difflib
import re
import shlex
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

AS_EXPECTED, CONTRADICTED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, and never guesses at shortened flags."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **options)
        # argparse takes "-1e-3" and "-inf" for flags; here they are values, refused where their domain is known.
        self._negative_number_matcher = re.compile(r"^-(\.?\d|inf|nan)", re.IGNORECASE)

    def error(self, message: str) -> Any:
        """Raise instead of exiting, so that every error is reported in one way."""
        raise ValueError(f"{message}\n(`{self.prog} --help` shows what there is)")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; a flag that does not exist is answered with the nearest one that does."""
        arguments, unknown = self.parse_known_args(args, namespace)
        flags = [text for text in unknown if text.startswith("-")]
        if flags:
            known = [option for action in self._actions for option in action.option_strings]
            near = difflib.get_close_matches(flags[0], known, 1)
            self.error(f"{flags[0]}: no such flag" + (f"; did you mean {near[0]}?" if near else ""))
        if unknown:
            self.error(f"{unknown[0]!r}: one word too many")
        return arguments


def guarded(action: Callable[[], int], again: Sequence[str]) -> int:
    """Run a command; errors and interruptions become a line on standard error and an exit code.

    Args:
        action: the command.
        again: the command line that continues it.
    """
    try:
        code = action()
        sys.stdout.flush()  # a reader that has gone shows here, and not after the exit code is settled
        return code
    except KeyboardInterrupt:
        print(f"\nInterrupted; finished blocks are kept. Continue with:\n  {shlex.join(again)}", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, OverflowError, MemoryError) as error:
        print(f"error: {told(error)}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:
        sys.stdout = None  # type: ignore[assignment]  # nothing reads on: leave without a word
        return AS_EXPECTED


def told(error: Exception) -> str:
    """What a user is told of an error: its message where that is for users, else where in the code it came up too.

    Example:
        >>> told(ValueError("n = 0: must be an integer >= 1"))
        'n = 0: must be an integer >= 1'
    """
    if isinstance(error, MemoryError):
        return f"not enough memory ({error})"
    return str(error) if isinstance(error, ValueError | OverflowError) else "".join(traceback.format_exception(error))
