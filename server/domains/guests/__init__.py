"""Visitors of a church's website without an account: a nickname, what they agreed to, and the site they came from.

It refuses to learn more about them than that.
"""
