"""From the plan to loops: one module per kind of kernel, put together by `kernels.build`."""
