"""Nothing of the plugin's own: it comes in by its entry point. The tests use pytest's pytester."""

pytest_plugins = ["pytester"]
