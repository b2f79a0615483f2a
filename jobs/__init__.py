"""Background work: the relay (outbox to listeners), the schedule, the worker and its thin tasks."""
