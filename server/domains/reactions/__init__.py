"""Reactions to anything that has an id: who gave which, and the totals.

It refuses to know what the subject is and who may react to it: its owner asks first, in the same transaction.
"""
