"""What was said in a room for two: sealed, read back by who may, erased.

It refuses to decide who may: care asks for a permission and a reason first.
"""
