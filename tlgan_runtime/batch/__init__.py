"""Many jobs, drawn by several processes, with a journal that lets a run go on where it stopped."""
