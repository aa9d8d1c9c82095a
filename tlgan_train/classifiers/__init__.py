"""Step II: the classifier of emotions and characters, and the judge that measures."""
