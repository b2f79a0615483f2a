"""Who is on duty: planned shifts, and who says that they are here now.

It refuses to know what the duty is about: one-to-one prayer and alarms ask it for people.
"""
