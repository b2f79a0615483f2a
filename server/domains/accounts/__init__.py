"""People's accounts in a church: name, address, password, roles, suspended or not.

It refuses to know who is signed in where (auth), to write to a mailbox (links), and to let anybody give a role that
their own roles do not cover.
"""
