"""Ten student steps of MTT and the gradient through them in PyTorch eager, as the published algorithm runs them: a functional
unroll, each step's gradient with create_graph=True, the distance of the last parameters to a target, backward into images and
step size. With "tokens" it is a single student step on a batch augmented by DSA, a token a step in turn.

Speaks JSON lines: the first line configures, each later line {"steps": n} answers {"ms": [...], "cpu": [...], "peak": bytes above
the loaded and idle process}.
"""
import json
import sys
import time

import torch
import torch.nn.functional as F
from torch.func import functional_call

from conv_net import ConvNet
from dsa import augment
from memory import status


def main():
    config = json.loads(sys.stdin.readline())
    torch.set_num_threads(config["threads"])
    torch.manual_seed(0)
    count, length = config["images"], config["length"]
    network = ConvNet(3, 32, config["width"], 3, 10)
    names = [name for name, _ in network.named_parameters()]
    start = [p.detach().clone() for _, p in network.named_parameters()]
    target = [p.detach() + 0.05 * torch.randn_like(p) for p in start]
    images = torch.randn(count, 3, 32, 32, requires_grad=True)
    labels = torch.arange(count) % 10
    rate = torch.tensor(0.01, requires_grad=True)

    torch.ones(2).add(1)
    idle = status("VmRSS")
    print(json.dumps({"torch": torch.__version__, "idle": idle}), flush=True)

    def trajectory():
        student = [p.clone().requires_grad_(True) for p in start]
        for _ in range(length):
            out = functional_call(network, dict(zip(names, student)), images)
            gradients = torch.autograd.grad(F.cross_entropy(out, labels), student, create_graph=True)
            student = [p - rate * g for p, g in zip(student, gradients)]
        far = sum(((p - t) ** 2).sum() for p, t in zip(student, target))
        near = sum(((p - t) ** 2).sum() for p, t in zip(start, target))
        torch.autograd.grad(far / near, [images, rate])

    def student_step():
        student = [p.clone().requires_grad_(True) for p in start]
        seen = augment(images, config["tokens"][student_step.turn % len(config["tokens"])])
        student_step.turn += 1
        out = functional_call(network, dict(zip(names, student)), seen)
        gradients = torch.autograd.grad(F.cross_entropy(out, labels), student, create_graph=config["graph"])
        return [p - rate * g for p, g in zip(student, gradients)]

    student_step.turn = 0
    step = student_step if config.get("tokens") else trajectory
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    for line in sys.stdin:
        times, used = [], []
        for _ in range(json.loads(line)["steps"]):
            begun, before = time.perf_counter(), time.process_time()
            step()
            times.append((time.perf_counter() - begun) * 1e3)
            used.append((time.process_time() - before) * 1e3)
        print(json.dumps({"ms": times, "cpu": used, "peak": status("VmHWM") - idle}), flush=True)


main()
