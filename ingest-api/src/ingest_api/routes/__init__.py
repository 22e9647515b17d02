"""The addresses of ingest-api."""
