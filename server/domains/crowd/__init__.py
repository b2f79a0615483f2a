"""What passes in a topic and is kept nowhere: who is typing, and hearts that float over everybody's screen.

It refuses to store anything, and to show anybody more than one frame a second of a topic, however many people and
processes there are.
"""
