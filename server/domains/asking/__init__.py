"""What whoever asked for prayer does: ask, read the answers, change, take back, tell that it was answered.

It refuses to ask for an account: the secret link is enough. It refuses to write down who somebody is that wants to be
nobody, in a row, a signal, the history or the memory of Idempotency-Keys.
"""
