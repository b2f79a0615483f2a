"""What the worker tells Prometheus; names end in their unit."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

DEPTH = Gauge("narthex_outbox_rows", "Signals waiting in the partitions of this relay.", ["shard"])
AGE = Gauge("narthex_outbox_oldest_seconds", "Age of the oldest waiting signal of this relay.", ["shard"])
PARTITIONS = Gauge("narthex_relay_partitions", "Partitions that this relay holds.", ["shard"])
LAG = Histogram(
    "narthex_relay_lag_seconds",
    "From a signal's commit to the end of its last listener, by the database's clock at reading.",
    ["shard"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 30, 300, 3600),
)
DELIVERED = Counter("narthex_relay_signals_total", "Signals that are done with.", ["shard", "outcome"])
LISTENER_FAILURES = Counter("narthex_listener_failures_total", "Listeners that failed.", ["listener"])
DEAD = Counter("narthex_outbox_dead_total", "Signals that became dead letters.", ["shard"])
DEAD_LETTERS = Gauge("narthex_outbox_dead_letters", "Dead letters waiting for a person.", ["shard"])

JOB_SECONDS = Histogram(
    "narthex_job_seconds",
    "Time a job took, by its kind and how it ended.",
    ["kind", "outcome"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600),
)
JOBS_WAITING = Gauge("narthex_jobs_waiting", "Jobs in the queue, those being done included.")
JOBS_LATER = Gauge("narthex_jobs_later", "Jobs that wait for their time.")
JOBS_PARKED = Gauge("narthex_jobs_parked", "Jobs that nobody knows or that failed for good.")
JOBS_TAKEN_OVER = Counter("narthex_jobs_taken_over_total", "Jobs taken over from a worker that died.")

LEADER = Gauge("narthex_scheduler_leader", "1 in the process whose scheduler leads.")
TICKS = Counter("narthex_scheduler_ticks_total", "Ticks that were sent.", ["schedule"])
MAILS = Counter("narthex_mails_total", "Letters by how a try ended.", ["outcome"])

CHURCH_FAILURES = Counter(
    "narthex_church_failures_total", "Churches that a nightly or hourly task failed on.", ["task"]
)
BROKEN_AUDITS = Counter("narthex_audit_broken_total", "Audit chains that were found broken.")
