"""The history of what was done in a church and by whom: only added to, chained by hashes, read by owner and admin.

It refuses to change or forget an entry: the church's own role may INSERT and SELECT, nothing else.
"""
