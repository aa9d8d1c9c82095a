"""Run ONNX graphs. Only this room knows ONNX Runtime."""
