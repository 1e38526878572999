"""What `recover` prints, and how it takes a benchmark's own size."""
