"""The matching methods in PyTorch eager, as their papers' algorithms run: one turn is an outer iteration of DC or DSA (all steps on
the images under one new network, which is trained between them), a step of DM, an iteration of MTT (the graph of all
student steps) or TESLA (two passes), or an epoch of evaluation. Images [., 3, 32, 32], ten classes.

Speaks JSON lines: the first line configures, each later line {"steps": n} answers {"ms": [...], "peak": bytes above the loaded and idle
process}.
"""
import json
import sys

import torch
import torch.nn.functional as F
from torch.func import functional_call

from conv_net import ConvNet
from dsa import augment as augment_each
from dsa_siamese import augment as augment_alike
from gradient_distance import distance
from turns import answer

CLASSES = 10
PER_CLASS = 500


class Methods:
    def __init__(self, config):
        self.params, self.width, ipc = config["params"], config["width"], config["imagesPerClass"]
        augment = self.params["augment"]
        self.tokens = [] if augment == "none" else augment.split("_")
        self.ipc = ipc
        self.labels = torch.arange(CLASSES).repeat_interleave(ipc)
        self.images = torch.randn(CLASSES * ipc, 3, 32, 32, requires_grad=True)
        self.method = self.params.get("method")
        if self.method in ("dc", "dsa", "dm"):
            self.real = torch.randn(CLASSES * PER_CLASS, 3, 32, 32)
        rate = {"dc": 0.1, "dsa": 0.1, "dm": 1.0}.get(self.method, 1000.0)
        self.optimiser = torch.optim.SGD([self.images], lr=rate, momentum=0.5)
        self.step_size = torch.tensor(0.01, requires_grad=True)
        self.step_optimiser = torch.optim.SGD([self.step_size], lr=1e-5, momentum=0.5)
        if self.method in ("mtt", "tesla"):
            self.network = self.fresh()
            self.names = [name for name, _ in self.network.named_parameters()]
            self.shapes = [p.shape for p in self.network.parameters()]
            self.experts = [[self.flat(self.fresh()) for _ in range(2)] for _ in range(2)]
        if config["work"] == "evaluate":
            self.network = self.fresh()
            self.student = torch.optim.SGD(self.network.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)

    def fresh(self):
        return ConvNet(3, 32, self.width, 3, CLASSES)

    def flat(self, network):
        return torch.cat([p.detach().reshape(-1) for p in network.parameters()])

    def token(self):
        return self.tokens[int(torch.randint(len(self.tokens), (1,)))]

    def batch(self, c):
        """Real and synthetic images of a class, augmented alike."""
        ids = c * PER_CLASS + torch.randperm(PER_CLASS)[: self.params["batchReal"]]
        real, mine = self.real[ids], self.images[c * self.ipc : (c + 1) * self.ipc]
        if self.tokens:
            token, draw = self.token(), torch.rand(3).tolist()
            real, mine = augment_alike(real, token, draw), augment_alike(mine, token, draw)
        return real, mine

    def gradient_matching(self):
        network = self.fresh()
        parameters = list(network.parameters())
        trainer = torch.optim.SGD(parameters, lr=0.01)
        outer, epochs = self.params["outerSteps"], self.params["networkEpochs"]
        for turn in range(outer):
            loss = torch.zeros(())
            for c in range(CLASSES):
                real, mine = self.batch(c)
                label = torch.full((real.shape[0],), c)
                target = torch.autograd.grad(F.cross_entropy(network(real), label), parameters)
                own = F.cross_entropy(network(mine), label[: self.ipc])
                loss = loss + distance(target, torch.autograd.grad(own, parameters, create_graph=True))
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            if turn == outer - 1:
                break
            for _ in range(epochs):
                self.train(network, trainer)

    def train(self, network, optimiser):
        """One pass over the synthetic set."""
        images, order = self.images.detach(), torch.randperm(len(self.labels))
        for ids in order.split(256):
            seen = augment_each(images[ids], self.token()) if self.tokens else images[ids]
            optimiser.zero_grad()
            F.cross_entropy(network(seen), self.labels[ids]).backward()
            optimiser.step()

    def dm(self):
        network = self.fresh()
        for parameter in network.parameters():
            parameter.requires_grad = False
        loss = torch.zeros(())
        for c in range(CLASSES):
            real, mine = self.batch(c)
            of_real = network.embed(real).detach().mean(0)
            loss = loss + torch.sum((of_real - network.embed(mine).mean(0)) ** 2)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()

    def student_loss(self, flat, images):
        tensors, at = [], 0
        for shape in self.shapes:
            tensors.append(flat[at : at + shape.numel()].view(shape))
            at += shape.numel()
        return F.cross_entropy(functional_call(self.network, dict(zip(self.names, tensors)), images), self.labels)

    def ends(self):
        return self.experts[int(torch.randint(len(self.experts), (1,)))]

    def learn(self):
        self.optimiser.step()
        self.step_optimiser.step()

    def mtt(self):
        start, target = self.ends()
        student = start.clone().requires_grad_(True)
        for _ in range(self.params["studentSteps"]):
            loss = self.student_loss(student, augment_each(self.images, self.token()))
            (slope,) = torch.autograd.grad(loss, student, create_graph=True)
            student = student - self.step_size * slope
        far = F.mse_loss(student, target, reduction="sum") / F.mse_loss(start, target, reduction="sum")
        self.optimiser.zero_grad()
        self.step_optimiser.zero_grad()
        far.backward()
        self.learn()

    def tesla(self):
        start, target = self.ends()
        rate, student, slopes = self.step_size.item(), start.clone(), torch.zeros_like(start)
        kept = []
        for _ in range(self.params["studentSteps"]):
            seen = augment_each(self.images, self.token())
            at = student.detach().requires_grad_(True)
            (slope,) = torch.autograd.grad(self.student_loss(at, seen.detach()), at)
            kept.append((at, seen))
            slopes += slope
            student = at.detach() - rate * slope
        gap = start - target
        norm = gap.pow(2).sum()
        direction = (rate * rate * slopes - rate * gap) / norm
        self.images.grad = torch.zeros_like(self.images)
        for at, seen in kept:
            (slope,) = torch.autograd.grad(self.student_loss(at, seen), at, create_graph=True)
            (change,) = torch.autograd.grad(slope @ direction, self.images)
            self.images.grad += change
        self.step_size.grad = 2 * (rate * slopes - gap) @ slopes / norm
        self.learn()

    def evaluate(self):
        self.train(self.network, self.student)


def main():
    config = json.loads(sys.stdin.readline())
    torch.set_num_threads(config["threads"])
    torch.manual_seed(0)
    methods = Methods(config)
    turn = {"dc": methods.gradient_matching, "dsa": methods.gradient_matching, "dm": methods.dm, "mtt": methods.mtt}
    turn = turn | {"tesla": methods.tesla, None: methods.evaluate}
    step = turn[methods.method]
    torch.ones(2).add(1)
    answer(torch.__version__, step)


main()
