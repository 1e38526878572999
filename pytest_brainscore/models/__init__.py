"""From a line of models.yaml to what a network makes of stimuli."""
