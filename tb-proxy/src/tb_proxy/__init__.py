"""One TensorBoard per track, on demand, behind one prefix."""
