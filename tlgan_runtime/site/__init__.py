"""The page as a static folder, which runs a bundle in the browser of a visitor."""
