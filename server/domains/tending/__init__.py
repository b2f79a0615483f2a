"""What the prayer team does with requests: reads, searches, words, decides, opens an envelope, gets a letter a week.

It refuses an act without an entry in the history, and an envelope without a reason.
"""
