"""The command `pgs_runtime`. Every command is a few lines over the library."""

from __future__ import annotations

import signal

# An interrupt of the imports below ends the program as the system does it, without a traceback.
_INTERRUPT = signal.signal(signal.SIGINT, signal.SIG_DFL)

import os
import sys
from typing import NoReturn

import click

import pgs_snapshot
from pgs_runtime.commands import (
    custody,
    erasing,
    interlocking,
    looking,
    machines,
    overriding,
    reasoning,
    replaying,
    running,
    states,
)
from pgs_runtime.commands.surface import refuse
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.options import asks_for_json, said
from pgs_snapshot.streams import complain, give_up_output, hold_standard_streams

signal.signal(signal.SIGINT, _INTERRUPT)

EXIT_CODES = """
\b
Exit codes:
  0   done; the run COMPLETED       9   the run does not do again what its record says
  1   the run ended FAILED          10  a limit was exceeded
  2   the command line              11  busy: try again
  3   seal or trace does not hold   12  an effect is in doubt: reconcile
  4   the run ended DENIED          13  the run waits for a signal
  5   REJECTED, or refused          14  output could not be written; the run stands
  6   a capability broke its word   70  a mistake of ours
  7   stopped by a rule or waiver   130 interrupted, or the run was cancelled
  8   the state store is unusable
"""


@click.group(epilog=EXIT_CODES, no_args_is_help=False, context_settings={"max_content_width": 100})
@click.version_option(pgs_snapshot.__version__, package_name="pgs-python")
def cli() -> None:
    """Run workflows of a sealed snapshot, and look into what they left."""


for command in (
    running.run,
    running.resume,
    running.send,
    running.cancel,
    running.abandon,
    running.reconcile,
    looking.list_runs,
    looking.show,
    looking.examine,
    looking.verify,
    replaying.replay,
    replaying.diff,
    reasoning.why,
    looking.export_run,
    overriding.override,
    overriding.waivers,
    interlocking.interlock,
    machines.machine,
    states.state,
    erasing.erase,
    custody.checkpoint,
    custody.witness,
    custody.casefile,
    custody.doctor,
):
    cli.add_command(command)


def _misused(error: click.ClickException) -> NoReturn:
    """A command line that is none, said as everything else is said."""
    context = getattr(error, "ctx", None)
    hint = f"Type `{context.command_path} --help`." if context else ""
    refuse(Refusal("R001", said(error), ExitCode.USAGE, hint=hint), asks_for_json(sys.argv))


def main() -> None:
    """Run the command line; no failure shows a traceback unless `PGS_DEBUG` is set."""
    hold_standard_streams()
    try:
        try:
            # Not `cli.main`, which ends with 1 when output is broken, and 1 says that a run FAILED.
            with cli.make_context("pgs_runtime", sys.argv[1:]) as context:
                cli.invoke(context)
            sys.stdout.flush()
        except click.exceptions.Exit as done:
            sys.exit(done.exit_code)
        except click.ClickException as error:
            _misused(error)
    except KeyboardInterrupt as interrupt:
        left = getattr(interrupt, "__notes__", ())
        complain(f"Interrupted.{''.join(f' To go on: `pgs_runtime resume {run}`.' for run in left)}")
        sys.exit(ExitCode.INTERRUPTED)
    except OSError as error:
        complain(f"error[R061]: {give_up_output(error)}")
        sys.exit(ExitCode.OUTPUT)
    except Exception as error:
        if "PGS_DEBUG" in os.environ:
            raise
        complain(f"error[R070]: A mistake of ours ({type(error).__name__}). PGS_DEBUG=1 shows more.")
        sys.exit(ExitCode.BUG)


if __name__ == "__main__":
    main()
