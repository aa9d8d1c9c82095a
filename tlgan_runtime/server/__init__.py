"""HTTP: what `cheermeup serve` answers."""
