"""Where pictures come from: the built-in characters, folders, tables."""
