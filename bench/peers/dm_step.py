"""One step of distribution matching in PyTorch eager, as the published algorithm runs it: class by class, the same
augmentation for the real and the synthetic batch of a class, the squared distance of mean embeddings, one SGD step on
the images, a fresh random network every step.

Speaks JSON lines: the first line configures, each later line {"steps": n} answers {"ms": [...]}.
"""
import json
import math
import sys
import time

import torch
import torch.nn.functional as F

from conv_net import ConvNet


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


def main():
    config = json.loads(sys.stdin.readline())
    torch.set_num_threads(config["threads"])
    torch.manual_seed(0)
    classes, real, synthetic = config["classes"], config["real"], config["synthetic"]
    channels, size = config["channels"], config["size"]
    tokens = config["tokens"]
    images = torch.randn(classes * config["perClass"], channels, size, size)
    targets = torch.arange(classes).repeat_interleave(config["perClass"])
    per_class = [torch.nonzero(targets == c).flatten() for c in range(classes)]
    learned = images[torch.cat([ids[:synthetic] for ids in per_class])].clone().requires_grad_(True)
    optimiser = torch.optim.SGD([learned], lr=config["lr"], momentum=config["momentum"])

    def step():
        network = ConvNet(channels, size, config["width"], config["depth"], classes)
        for parameter in network.parameters():
            parameter.requires_grad = False
        loss = torch.tensor(0.0)
        for c in range(classes):
            batch = images[per_class[c][torch.randperm(len(per_class[c]))[:real]]]
            mine = learned[c * synthetic : (c + 1) * synthetic]
            token = tokens[int(torch.randint(len(tokens), (1,)))]
            draw = torch.rand(3).tolist()
            of_real = network.embed(augment(batch, token, draw)).detach()
            of_mine = network.embed(augment(mine, token, draw))
            loss = loss + torch.sum((of_real.mean(dim=0) - of_mine.mean(dim=0)) ** 2)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        times = []
        for _ in range(json.loads(line)["steps"]):
            start = time.perf_counter()
            step()
            times.append((time.perf_counter() - start) * 1e3)
        print(json.dumps({"ms": times}), flush=True)


main()
