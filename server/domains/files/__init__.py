"""Where bytes are kept that are too large for the database: an S3 bucket, or a folder of this machine.

It refuses to know what the bytes mean, and it never reads a whole object into memory.
"""
