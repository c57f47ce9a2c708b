"""DSA in mode S with a draw for each image, as MTT's student has it: one token's operators on images [N, C, H, W]."""
import math

import torch
import torch.nn.functional as F


def warp(x, theta):
    return F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=True), align_corners=True)


def affine(a, b, c, d):
    zero = torch.zeros_like(a)
    return torch.stack([torch.stack([a, b, zero], 1), torch.stack([c, d, zero], 1)], 1)


def augment(x, token):
    n, _, h, w = x.shape
    if token == "color":
        x = x + (torch.rand(n, 1, 1, 1) - 0.5)
        mean = x.mean(dim=1, keepdim=True)
        x = (x - mean) * (torch.rand(n, 1, 1, 1) * 2) + mean
        mean = x.mean(dim=[1, 2, 3], keepdim=True)
        return (x - mean) * (torch.rand(n, 1, 1, 1) + 0.5) + mean
    if token == "crop":
        reach = int(h * 0.125 + 0.5)
        dy, dx = (torch.randint(-reach, reach + 1, (n, 1, 1)) for _ in range(2))
        b, r, c = torch.meshgrid(torch.arange(n), torch.arange(h), torch.arange(w), indexing="ij")
        rows, columns = torch.clamp(r + dy + 1, 0, h + 1), torch.clamp(c + dx + 1, 0, w + 1)
        padded = F.pad(x, [1, 1, 1, 1])
        return padded.permute(0, 2, 3, 1).contiguous()[b, rows, columns].permute(0, 3, 1, 2)
    if token == "cutout":
        side = int(h * 0.5 + 0.5)
        oy, ox = (torch.randint(0, h + (1 - side % 2), (n, 1, 1)) for _ in range(2))
        b, r, c = torch.meshgrid(torch.arange(n), torch.arange(side), torch.arange(side), indexing="ij")
        rows, columns = torch.clamp(r + oy - side // 2, 0, h - 1), torch.clamp(c + ox - side // 2, 0, w - 1)
        mask = torch.ones(n, h, w)
        mask[b, rows, columns] = 0
        return x * mask.unsqueeze(1)
    if token == "flip":
        return torch.where(torch.rand(n, 1, 1, 1) < 0.5, x.flip(3), x)
    if token == "scale":
        sx, sy = (torch.rand(n) * (1.2 - 1 / 1.2) + 1 / 1.2 for _ in range(2))
        return warp(x, affine(sx, torch.zeros(n), torch.zeros(n), sy))
    angle = (torch.rand(n) - 0.5) * 2 * 15 * math.pi / 180
    return warp(x, affine(angle.cos(), -angle.sin(), angle.sin(), angle.cos()))
