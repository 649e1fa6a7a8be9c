"""English texts, one topic per file."""
