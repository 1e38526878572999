"""The report: what runs left, as one page that works offline, with its tables and figures as files."""
