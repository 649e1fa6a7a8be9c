"""Korean texts, one topic per file."""
