"""The report of a run: one page with figures, the paper's claims, and the model card."""
