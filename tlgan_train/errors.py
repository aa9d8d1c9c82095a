"""Mistakes that a person can mend, told in one line."""


class TrainError(Exception):
    """Bad input, bad options or a run that cannot go on: the message says what is wrong and what would be right."""
