"""`narthex backup` and `narthex restore`: churches as archives that can be checked, in a folder or in S3.

An archive of a church is a tar file that holds manifest.json (what it is, with a SHA-256 of every other part),
manifest.sha256, church.dump (pg_dump's custom format), announced.jsonl (what it had announced and not everybody had
heard) and listing.json (its line in the list of churches). Uploaded files are kept by the bucket's own versions.
"""
