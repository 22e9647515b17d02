"""What runs beside tb-proxy: the zygote and its children, which know TensorBoard and nothing of services."""
