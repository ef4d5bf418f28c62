"""Published weights turned into ONNX files with numpy and onnx alone: one module a network."""
