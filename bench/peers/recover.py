"""Squeeze, recover, relabel in PyTorch eager with torchvision, as the published code runs them. One turn is a step of recovery (one
crop, flip and roll for the batch; cross-entropy, batch norm statistics by hooks, total variation, L2; Adam; clipping), an epoch of
labels (a crop and flip an image; the teacher's logits as halves), or an epoch of a student on stored views and logits.

Speaks JSON lines: the first line configures, each later line {"steps": n} answers {"ms": [...], "peak": bytes above the loaded and idle
process}.
"""
import json
import sys

import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torchvision import transforms
from torchvision.transforms import functional as T

from conv_net import ConvNet
from turns import answer

SCALE, RATIO = (0.08, 1.0), (3 / 4, 4 / 3)
BILINEAR = transforms.InterpolationMode.BILINEAR
JITTER = 4
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def network_of(config):
    if config["network"] == "convnet":
        return ConvNet(3, config["side"], config["width"], 3, config["classes"], nn.BatchNorm2d)
    network = torchvision.models.resnet18(num_classes=config["classes"])
    if config["side"] <= 64:
        network.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        network.maxpool = nn.Identity()
    return network


class Statistics:
    """R of a batch norm: what enters it against its running statistics."""

    def __init__(self, norm):
        norm.register_forward_hook(self.look)

    def look(self, norm, entering, _):
        variance, mean = torch.var_mean(entering[0], (0, 2, 3), unbiased=False)
        self.distance = torch.norm(norm.running_var - variance, 2) + torch.norm(norm.running_mean - mean, 2)


class Recovery:
    def __init__(self, config):
        self.weights, side, count = config["recover"], config["side"], config["batchSize"]
        self.network = network_of(config).eval()
        for parameter in self.network.parameters():
            parameter.requires_grad_(False)
        norms = [module for module in self.network.modules() if isinstance(module, nn.BatchNorm2d)]
        self.layers = [Statistics(norm) for norm in norms]
        self.images = torch.randn(count, 3, side, side, requires_grad=True)
        self.labels = torch.arange(count) % config["classes"]
        self.optimiser = torch.optim.Adam([self.images], lr=self.weights["learningRate"], betas=(0.5, 0.9), eps=1e-8)
        crop = transforms.RandomResizedCrop(side, SCALE, RATIO, BILINEAR, antialias=False)
        self.view = transforms.Compose([crop, transforms.RandomHorizontalFlip()])

    def turn(self):
        w = self.weights
        rolls = torch.randint(-JITTER, JITTER + 1, (2,)).tolist()
        view = torch.roll(self.view(self.images), shifts=rolls, dims=(2, 3))
        self.optimiser.zero_grad()
        loss = F.cross_entropy(self.network(view), self.labels)
        factors = [w["firstLayer"]] + [1.0] * (len(self.layers) - 1)
        loss = loss + w["batchNorm"] * sum(m * layer.distance for m, layer in zip(factors, self.layers))
        variation = sum(
            torch.norm(difference)
            for difference in (
                view[:, :, :, :-1] - view[:, :, :, 1:],
                view[:, :, :-1, :] - view[:, :, 1:, :],
                view[:, :, 1:, :-1] - view[:, :, :-1, 1:],
                view[:, :, :-1, :-1] - view[:, :, 1:, 1:],
            )
        )
        size = torch.norm(view.flatten(1), dim=1).mean()
        (loss + w["totalVariation"] * variation + w["l2"] * size).backward()
        self.optimiser.step()
        with torch.no_grad():
            for c in range(3):
                self.images[:, c].clamp_(-MEAN[c] / STD[c], (1 - MEAN[c]) / STD[c])


def cut(image, box, mirrored):
    view = T.resized_crop(image, *box, image.shape[-2:], BILINEAR, antialias=False)
    return T.hflip(view) if mirrored else view


def mixed(views, mix):
    if mix is None:
        return views
    (top, left, bottom, right), partners = mix
    views[:, :, top:bottom, left:right] = views[partners][:, :, top:bottom, left:right]
    return views


class Relabelling:
    def __init__(self, config):
        self.side, self.batch, self.mix = config["side"], config["batchSize"], config["mix"]
        self.teacher = network_of(config).eval()
        self.images = torch.randn(config["classes"] * config["imagesPerClass"], 3, self.side, self.side)

    def drawn_mix(self, count):
        if self.mix == "none":
            return None
        half = int(self.side * float(1 - torch.distributions.Beta(1.0, 1.0).sample()) ** 0.5) // 2
        centre = torch.randint(self.side, (2,)).tolist()
        box = [min(max(at + by, 0), self.side) for by in (-half, half) for at in centre]
        return box, torch.randperm(count)

    @torch.no_grad()
    def epoch(self):
        stored = []
        for ids in torch.randperm(len(self.images)).split(self.batch):
            boxes = [transforms.RandomResizedCrop.get_params(self.images[i], list(SCALE), list(RATIO)) for i in ids]
            mirrored = (torch.rand(len(ids)) < 0.5).tolist()
            mix = self.drawn_mix(len(ids))
            views = torch.stack([cut(self.images[i], box, m) for i, box, m in zip(ids, boxes, mirrored)])
            stored.append((ids, boxes, mirrored, mix, self.teacher(mixed(views, mix)).half()))
        return stored

    turn = epoch


class Student:
    def __init__(self, config):
        labelling = Relabelling(config)
        self.images, self.stored = labelling.images, labelling.epoch()
        self.temperature = config["student"]["temperature"]
        self.network = network_of(config).train()
        rate, decay = config["student"]["learningRate"], config["student"]["weightDecay"]
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=rate, weight_decay=decay)

    def turn(self):
        for ids, boxes, mirrored, mix, logits in self.stored:
            views = torch.stack([cut(self.images[i], box, m) for i, box, m in zip(ids, boxes, mirrored)])
            out = self.network(mixed(views, mix))
            target = F.softmax(logits.float() / self.temperature, dim=1)
            loss = F.kl_div(F.log_softmax(out / self.temperature, dim=1), target, reduction="batchmean")
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()


def main():
    config = json.loads(sys.stdin.readline())
    torch.set_num_threads(config["threads"])
    torch.manual_seed(0)
    work = {"recover": Recovery, "relabel": Relabelling, "student": Student}[config["kind"]](config)
    answer(torch.__version__, work.turn)


main()
