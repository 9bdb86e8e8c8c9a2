"""``make clients``: the same reads and writes against a running server through the clients that people have.

Begin with `script`. A client that is not here is told, and is no failure. Of Debian's Jena only the messages are
mended, which its package holds in the wrong folder (`programs`).
"""
