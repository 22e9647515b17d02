"""How large a batch may be; told to clients by GET /api/v3/config."""

# As it travels, compressed or not.
MAX_BATCH_BYTES = 8 << 20
# Decoded: some tens of times the size of a fair batch, and nothing a process would feel.
MAX_BATCH_DECODED_BYTES = 64 << 20
# JSON becomes objects of many times its size before its columns can be checked.
MAX_JSON_BYTES = 16 << 20
