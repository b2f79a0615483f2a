"""`narthex doctor`: look at an installation from outside, part by part, and say what is wrong and what to do."""
