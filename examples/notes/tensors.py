"""Tensors: numbers in a grid, as in PyTorch."""

import chainrule.compat.torch as torch
import numpy as np

# From a list, from a size, from a range.
a = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
print(a)
print(torch.zeros(2, 3), torch.arange(0, 10, 2))

# The older constructor takes a size as well; the numbers are up to you.
torch.manual_seed(0)
w = torch.Tensor(2, 2).uniform_(-1, 1)
print(w.size(), bool((w.abs() <= 1).all()))

# Element by element, and the matrix product.
print(a + a, a * a)
print(torch.matmul(a, a.t()))

# A method with an underscore changes the tensor itself.
a.add_(1)
print(a)

# The same twelve numbers in other shapes; -1 stands for whatever is left.
m = torch.arange(12)
print(m.view(3, 4))
print(m.view(-1, 6).shape, m.view(3, 4).t().shape)

# Sums along a dimension; the largest along a dimension comes with its place.
print(a.sum(dim=0), a.mean().item())
values, places = torch.max(a, 1)
print(values, places)

# NumPy arrays share their memory with the tensor.
array = np.ones(3)
shared = torch.from_numpy(array)
array[0] = 7
print(shared)
