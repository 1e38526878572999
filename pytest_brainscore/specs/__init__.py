"""What the YAML files say, as frozen objects."""
