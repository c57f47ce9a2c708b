"""Steps that distillation is made of, in PyTorch: a training step (forward and backward), a gradient-matching step (double
backward). Speaks JSON lines: the first line configures, each later line
{"steps": n} answers as `turns.py` says.
"""
import json
import sys

import torch
import torch.nn.functional as F
from torch import nn

from conv_net import ConvNet
from gradient_distance import distance
from turns import answer


class Block(nn.Module):
    """Two 3x3 convolutions with instance norm, and a shortcut."""

    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv0 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.norm0 = nn.GroupNorm(width, width)
        self.conv1 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm1 = nn.GroupNorm(width, width)
        self.shortcut = nn.Sequential()
        if stride != 1 or channels != width:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.GroupNorm(width, width))

    def forward(self, x):
        y = F.relu(self.norm0(self.conv0(x)))
        return F.relu(self.norm1(self.conv1(y)) + self.shortcut(x))


class ResNet18(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        layers = [nn.Conv2d(channels, 64, 3, 1, 1, bias=False), nn.GroupNorm(64, 64), nn.ReLU()]
        before = 64
        for width, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
            layers += [Block(before, width, stride), Block(width, width, 1)]
            before = width
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(512, classes)

    def forward(self, x):
        return self.classifier(F.avg_pool2d(self.features(x), 4).flatten(1))


def main():
    config = json.loads(sys.stdin.readline())
    torch.set_num_threads(config["threads"])
    torch.manual_seed(0)
    count = config["images"]
    if config["network"] == "resnet18":
        network = ResNet18(3, 10)
    else:
        network = ConvNet(3, 32, config["width"], 3, 10)
    parameters = list(network.parameters())
    images = torch.randn(count, 3, 32, 32)
    labels = torch.arange(count) % 10
    forward = torch.compile(network) if config["compiled"] else network

    def train():
        loss = F.cross_entropy(forward(images), labels)
        torch.autograd.grad(loss, parameters)

    synthetic = images.clone().requires_grad_(True)
    target = [torch.randn_like(p) for p in parameters]

    def match():
        loss = F.cross_entropy(network(synthetic), labels)
        gradients = torch.autograd.grad(loss, parameters, create_graph=True)
        torch.autograd.grad(distance(target, gradients), synthetic)

    step = train if config["work"] == "train" else match
    answer(torch.__version__, step)


main()
