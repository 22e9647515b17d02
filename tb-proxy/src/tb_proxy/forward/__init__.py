"""Passing requests on to another server, byte for byte; used by tb-proxy and by the local gateway."""
