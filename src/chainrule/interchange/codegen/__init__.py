"""Code that computes what a network computes, in other languages and without any dependency; one target per file."""
