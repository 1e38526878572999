"""Over many networks: groups, trends, likeness."""
