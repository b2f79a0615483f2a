"""What hosts do in a room: decide about held messages, clear all by one person, look at reports, export.

It refuses to restrain people (safety) and to gather work from elsewhere into one queue (moderation).
"""
