"""The `cheermeup` command."""
