"""Gatherings: worship services with a start, an end, a time zone and the address of their video.

It refuses to know who comes, and holds nothing that repeats: recurrence, registration and check-in are other slices.
"""
