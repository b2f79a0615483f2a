"""Prayer requests as they stand: asked, held, decided, changed by whoever asked, answered, expired, archived.

It refuses to publish anything by itself, to keep a person in the row of an anonymous request, and to open a sealed
identity without a permission and a reason. Reading and praying are the wall's.
"""
