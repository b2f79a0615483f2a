"""Churches as the installation sees them: slug and aliases, shard, status, domains; and the installation's operators.

It refuses to know anything that happens inside a church, and an operator has no rights there.
"""
