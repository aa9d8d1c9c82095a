"""Where and how arithmetic runs: device, precision, ranks, signals and seeds."""
