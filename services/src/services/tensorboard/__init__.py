"""What TensorBoard is given of a track."""
