"""Changes between two runs, and a run's verdicts, as text, Markdown, document and page."""
