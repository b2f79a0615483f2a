"""What is added below a prayer request: the asker's updates and testimony, the encouragement of others.

It refuses to show a word that the team has not let stand, and knows requests by their ids alone.
"""
