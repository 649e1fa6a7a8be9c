"""Other libraries' spelling of the same things: `chainrule.compat.torch`."""
