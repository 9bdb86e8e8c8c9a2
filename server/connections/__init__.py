"""HTTP/1.1 (RFC 9112) on one event loop: parsing, framing, flow control, timeouts, and no word of SPARQL.

Begin with `connection`, then `parser` for requests, `responses` for responses, `listener` for all connections.

Imports: kg.engine, server.http, server.front.
"""
