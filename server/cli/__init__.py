"""The command line: one file a command, loaded when it is asked for.

Exit codes: 0 done, 1 it could not be done, 2 asked for wrongly, 130 interrupted. Every error is one sentence on
stderr that says what to do; what a program may read goes to stdout.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from server.cli.errors import explain
from server.cli.installation import program_version
from server.cli.screen import complain

INTERRUPTED = 130

app = App(
    name="narthex",
    help="Narthex: live chat, prayer walls and members for churches.",
    version=program_version,
    help_format="plaintext",
)
app.command("server.cli.serve:serve", name="serve", help="Answer people: the web processes.")
app.command("server.cli.migrate:migrate", name="migrate", help="Bring every database and church up to date.")
app.command(
    "server.cli.tenant:app", name="tenant", help="Create, list, rename, pause, export and delete churches."
)
app.command("server.cli.worker:worker", name="worker", help="Do the work in the background.")
app.command(
    "server.cli.doctor.command:doctor", name="doctor", help="Say what is wrong with this installation."
)
app.command("server.cli.backup.backup:backup", name="backup", help="Write churches into archives.")
app.command(
    "server.cli.backup.restore:restore", name="restore", help="Put churches back as an archive has them."
)
app.command(
    "server.cli.operator:app", name="operator", help="Add, list and lock out people who run the installation."
)
app.command(
    "server.cli.outbox:app", name="outbox", help="See and replay announcements that failed too often."
)
app.command(
    "server.cli.demo.start:demo", name="demo", help="Start Narthex with a demo church on this machine."
)
app.command(
    "server.cli.types:types", name="types", help="For developers: write the widgets' TypeScript types."
)
app.command("server.cli.bench:bench", name="bench", help="Measure Narthex beside its peers on this machine.")
app.command("server.cli.serve:web_process", name="web-process", show=False)
app.command("server.cli.demo.mailbox_process:mailbox_process", name="mailbox-process", show=False)
app.command("server.cli.demo.site_process:site_process", name="site-process", show=False)
app.command("server.cli.demo.volunteers_process:volunteers_process", name="volunteers-process", show=False)
app.command("server.cli.demo.site_process:refresh_process", name="refresh-process", show=False)


def run(argv: Sequence[str]) -> int:
    """Run one command and return its exit code; an error we did not foresee keeps its traceback."""
    try:
        code = app(
            argv,
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
        sys.stdout.flush()
    except CycloptsError as error:
        complain(f"{error} Try `narthex --help`.")
        return 2
    except KeyboardInterrupt:
        complain("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:  # `narthex tenant list | head`: nobody reads any more, which is no error
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        complain(known.sentence)
        return known.code
    return code if isinstance(code, int) else 0
