"""The demonstration: four small stories, each in its own file."""
