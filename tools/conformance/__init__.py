"""The derivative of every operator, asked of the ONNX operator tests: see __main__.py."""
