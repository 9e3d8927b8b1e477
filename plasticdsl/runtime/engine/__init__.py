"""What runs an instance: machine code, the same kernels as plain Python, and how both meet their arrays."""
