"""One step of distribution matching in PyTorch eager, as the published algorithm runs it: class by class, the same
augmentation for the real and the synthetic batch of a class, the squared distance of mean embeddings, one SGD step on
the images, a fresh random network every step.

Speaks JSON lines: the first line configures, each later line {"steps": n} answers as `turns.py` says.
"""
import json
import sys

import torch

from conv_net import ConvNet
from dsa_siamese import augment
from turns import answer


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

    answer(torch.__version__, step)


main()
