"""One queue for those who decide: cases over prayers, flags, replies, held and reported messages, people who ask.

It refuses to be the truth about anything it shows: the domain's row is, and its service
decides in the same transaction.
"""
