"""What the queue's cases are about: how each domain's row stands, and the domain's own service deciding about it.

It refuses to keep anything: what a case shows is read from the domain each time.
"""
