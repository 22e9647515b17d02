"""One TensorBoard process per track: the contract of a spawner, the real one, and who keeps them."""
