"""Report: what runs left, read, joined and shown."""
