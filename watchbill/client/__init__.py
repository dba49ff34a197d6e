"""The engineer's client `wb`: one file of the standard library alone, installed beside the server and served by it."""
