"""Background work: a Job is put by a listener or by another job, and a worker does it at least once.

Services never put jobs: they signal. `jobs/broker.py` implements the queue; a process without one has `NoQueue`.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from server.kit.errors import Unavailable


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done; a subclass sets `tag="slice.verb"`. It may be done twice, so its task is idempotent.

    A job carries ids rather than data: what it needs is read when it is done.
    """

    tenant: str = ""  # the church's id; empty for work of the whole installation


class Queue(Protocol):
    """Where jobs wait. What was put survives the end of any worker."""

    async def put(self, job: Job, *, once: str = "", after: float = 0.0) -> None:
        """Queue a job, to be done no sooner than in `after` seconds.

        A second job with the same `once` within a day is dropped. Raise Unavailable when the queue is away or
        full: a listener then fails, and its signal comes again.
        """
        ...


class NoQueue:
    """The queue of a process that must not put jobs, such as a web process."""

    async def put(self, job: Job, *, once: str = "", after: float = 0.0) -> None:
        """Refuse: only listeners and jobs put jobs, and they run in the worker."""
        raise Unavailable(f"{kind_of(type(job))} was put outside the worker.")


def kind_of(job: type[Job]) -> str:
    """Return the name under which a job travels, its Struct tag."""
    tag = job.__struct_config__.tag
    if not isinstance(tag, str):
        raise TypeError(f"{job.__name__} needs tag='slice.verb'")
    return tag
