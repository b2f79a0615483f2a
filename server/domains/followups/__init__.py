"""What is to be done later, after a conversation or a prayer request, and by whom.

It refuses to hold what was said: a task has a title and a note of the team's own.
"""
