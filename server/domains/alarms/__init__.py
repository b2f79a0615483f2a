"""What must not wait: words of great need, and a queue that nobody looks at; it rings until somebody has seen to it.

It refuses to repeat the words that were said: an alarm tells where to look.
"""
