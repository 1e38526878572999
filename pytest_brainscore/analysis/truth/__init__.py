"""Known truth: brains made from a network's own layer, and whether metrics find it again."""
