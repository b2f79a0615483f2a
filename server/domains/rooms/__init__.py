"""Rooms: who may come in, when they are open, how fast one may write, and how far each person has read.

It refuses to know what is said in them.
"""
