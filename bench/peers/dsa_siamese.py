"""DSA in mode S with one draw for a whole batch, as matching has it: one token's operators on images [N, C, H, W]. `draw` holds
three uniform numbers in [0, 1), the same for the real and the synthetic batch."""
import math

import torch
import torch.nn.functional as F


def warp(x, theta):
    grid = F.affine_grid(theta.expand(x.shape[0], 2, 3), x.shape, align_corners=True)
    return F.grid_sample(x, grid, align_corners=True)


def augment(x, token, draw):
    """One operator family with scalars shared by the whole batch; `draw` holds uniform numbers in [0, 1)."""
    n, _, h, w = x.shape
    if token == "color":
        x = x + (draw[0] - 0.5)
        mean = x.mean(dim=1, keepdim=True)
        x = (x - mean) * (2 * draw[1]) + mean
        mean = x.mean(dim=[1, 2, 3], keepdim=True)
        return (x - mean) * (draw[2] + 0.5) + mean
    if token == "crop":
        reach = int(h * 0.125 + 0.5)
        dy, dx = (int(draw[i] * (2 * reach + 1)) - reach for i in (0, 1))
        rows = torch.clamp(torch.arange(h) + dy + 1, 0, h + 1)
        columns = torch.clamp(torch.arange(w) + dx + 1, 0, w + 1)
        b, r, c = torch.meshgrid(torch.arange(n), rows, columns, indexing="ij")
        return F.pad(x, [1, 1, 1, 1]).permute(0, 2, 3, 1).contiguous()[b, r, c].permute(0, 3, 1, 2).contiguous()
    if token == "cutout":
        side = int(h * 0.5 + 0.5)
        oy, ox = (int(draw[i] * (h + 1 - side % 2)) for i in (0, 1))
        rows = torch.clamp(torch.arange(side) + oy - side // 2, 0, h - 1)
        columns = torch.clamp(torch.arange(side) + ox - side // 2, 0, w - 1)
        b, r, c = torch.meshgrid(torch.arange(n), rows, columns, indexing="ij")
        mask = torch.ones(n, h, w)
        mask[b, r, c] = 0
        return x * mask.unsqueeze(1)
    if token == "scale":
        sy, sx = (draw[i] * (1.2 - 1 / 1.2) + 1 / 1.2 for i in (0, 1))
        return warp(x, torch.tensor([[sx, 0.0, 0.0], [0.0, sy, 0.0]]))
    if token == "rotate":
        angle = (draw[0] - 0.5) * 2 * 15 * math.pi / 180
        return warp(x, torch.tensor([[math.cos(angle), -math.sin(angle), 0.0], [math.sin(angle), math.cos(angle), 0.0]]))
    if token == "flip":
        return x.flip(3) if draw[0] < 0.5 else x
    return x
