"""The measurements of studies that would not fit their one file."""
