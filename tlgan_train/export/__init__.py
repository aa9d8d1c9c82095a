"""From a run folder to a bundle: ONNX graphs, manifest and model card."""
