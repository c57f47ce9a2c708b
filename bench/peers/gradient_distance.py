"""How gradient matching compares gradients, as DC publishes it."""
import torch


def distance(real, synthetic):
    """Of gradients, row by row: one minus the cosine; tensors of one axis count nothing."""
    total = torch.zeros(())
    for a, b in zip(real, synthetic):
        if a.dim() < 2:
            continue
        a, b = a.reshape(a.shape[0], -1), b.reshape(b.shape[0], -1)
        total = total + torch.sum(1 - torch.sum(a * b, 1) / (a.norm(dim=1) * b.norm(dim=1) + 1e-6))
    return total
