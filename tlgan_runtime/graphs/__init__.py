"""ONNX graphs: the only room that knows ONNX Runtime."""
