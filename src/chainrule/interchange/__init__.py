"""Files that models live in: our own, and those of other libraries.  No file is trusted, none is executed."""
