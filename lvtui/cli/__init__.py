"""The command line: one table of commands, exit codes, stdout for results, stderr for the rest.

Heavy parts (Textual, pyparsing) are imported only in the branch that needs them, so that `--version`,
the copy worker and the look commands start fast.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from lvtui import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code of commands.md."""
    args = list(sys.argv[1:] if argv is None else argv)
    if args[:1] == ["_worker"]:
        from lvtui.host.copy.worker import main as worker_main  # noqa: PLC0415 - stays light

        return worker_main(args[1])
    if args[:1] == ["_hold"]:
        from lvtui.host.holder import main as holder_main  # noqa: PLC0415 - stays light

        return holder_main(args[1:])
    if args[:1] == ["_recheck"]:
        return _recheck(args[1])
    if args == ["--version"]:
        print(f"lvtui {__version__}")
        return 0
    return _run(args)


def _recheck(job_dir: str) -> int:
    """A worker's short child."""
    from lvtui.errors import LvtuiError  # noqa: PLC0415
    from lvtui.flow.recheck import main as recheck_main  # noqa: PLC0415 - parses, the worker not

    try:
        return recheck_main(job_dir)
    except LvtuiError as error:
        _tell(error, as_json=False)
        return error.exit_code


def _run(args: list[str]) -> int:
    from lvtui.cli.parsing import parse  # noqa: PLC0415 - `--version` and the worker do without
    from lvtui.errors import LvtuiError  # noqa: PLC0415

    as_json = "--json" in args
    try:
        options = parse(args)
        code = options.run(options)
        sys.stdout.flush()
        return int(code)
    except LvtuiError as error:
        _tell(error, as_json=as_json)
        return error.exit_code
    except BrokenPipeError:
        # The reader (head, less) has seen enough; the interpreter must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("Interrupted. Nothing was changed on the source.", file=sys.stderr)
        return 130
    except Exception as error:
        if "--debug" in args:
            raise
        import traceback  # noqa: PLC0415 - for a bug only

        traceback.print_exc()
        print(
            f"This is a bug in lvtui ({type(error).__name__}). Nothing was changed on the source. "
            "Please report the lines above.",
            file=sys.stderr,
        )
        return 1


def _tell(error: Exception, *, as_json: bool) -> None:
    from lvtui.errors import LvtuiError  # noqa: PLC0415

    assert isinstance(error, LvtuiError)
    if as_json:
        from lvtui.cli.look import emit  # noqa: PLC0415 - for an answer only
        from lvtui.flow.answers import error_answer  # noqa: PLC0415

        emit(error_answer(error))
    print(f"lvtui: {error.message} [{error.code}]", file=sys.stderr)
