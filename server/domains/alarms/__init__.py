"""What must not wait: words of great need, somebody who felt unsafe, a queue nobody looks at; it rings until seen to.

It refuses to repeat the words that were said: an alarm tells where to look.
"""
