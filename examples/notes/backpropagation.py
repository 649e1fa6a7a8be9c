"""The chain rule three times: written out by hand, by autograd, and as a function with a derivative of one's own."""

import chainrule.compat.torch as torch

X = torch.FloatTensor([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = torch.FloatTensor([[0], [1], [1], [0]])
torch.manual_seed(0)
w1, b1 = torch.randn(2, 3), torch.zeros(3)
w2, b2 = torch.randn(3, 1), torch.zeros(1)

# By hand. Forward: remember what the way back will need.
hidden = torch.relu(X @ w1 + b1)
output = torch.sigmoid(hidden @ w2 + b2)
loss = -(Y * torch.log(output) + (1 - Y) * torch.log(1 - output)).mean()

# Backward: from the loss to the weights, one factor of the chain at a time.
d_logit = (output - Y) / len(X)  # binary cross-entropy and sigmoid together
d_w2 = hidden.t() @ d_logit
d_hidden = d_logit @ w2.t()
d_w1 = X.t() @ (d_hidden * (hidden > 0))  # relu passes the gradient where it passed the value


# By autograd, with a relu of our own.
class MyReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return input.clamp(min=0)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        return grad_output * (input > 0)


w1.requires_grad_()
w2.requires_grad_()
output = torch.sigmoid(MyReLU.apply(X @ w1 + b1) @ w2 + b2)
loss = torch.nn.functional.binary_cross_entropy(output, Y)
loss.backward()

print("by hand    ", d_w2.view(-1))
print("by autograd", w2.grad.view(-1))
print("equal:", torch.allclose(d_w1, w1.grad, atol=1e-6) and torch.allclose(d_w2, w2.grad, atol=1e-6))
