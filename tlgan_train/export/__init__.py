"""Export a run as a bundle: ONNX graphs, manifest and model card."""
