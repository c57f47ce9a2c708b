/** Reads an exported buffer into PyTorch, or writes it as the released code of MTT keeps one; goes beside the experts' files. */
import { buildNetwork, type NetworkInput, type NetworkSpec } from '../../nn/network.ts';
import { readTensorHeader } from '../../tensor/files/safetensors.ts';
import { READ_TENSORS_PY } from './tensors-py.ts';

const EXPERT = /^expert-\d+\.safetensors$/;

/** Undefined where the files are no experts. */
export function expertsPy(files: ReadonlyMap<string, Uint8Array>): string | undefined {
  const [, bytes] = [...files].find(([name]) => EXPERT.test(name)) ?? [];
  const header = bytes && readTensorHeader((from, to) => bytes.subarray(from, to), bytes.length);
  if (!header?.ok || header.value.metadata.network === undefined) return undefined;
  const { spec, input } = JSON.parse(header.value.metadata.network) as { spec: NetworkSpec; input: NetworkInput };
  const network = buildNetwork(spec, input);
  return network.ok ? script(network.value.parameters.map(({ name }) => name)) : undefined;
}

function script(order: readonly string[]): string {
  return `"""Experts of the buffer beside this file: experts = load("."); experts[k][epoch] lists the parameters in the network's order.

python load.py replay_buffer_0.pt  # writes them as the released code of MTT and TESLA reads them
"""
import json
import pathlib
import struct
import sys

import torch

ORDER = ${JSON.stringify(order)}


${READ_TENSORS_PY}

def load(folder="."):
    """Epoch 0 is the initialisation."""
    experts = []
    for path in sorted(pathlib.Path(folder).glob("expert-*.safetensors")):
        found = tensors(path)
        epochs = 1 + max(int(name.split(".", 1)[0]) for name in found)
        experts.append([[found[f"{epoch}.{name}"] for name in ORDER] for epoch in range(epochs)])
    return experts


if __name__ == "__main__":
    experts = load(pathlib.Path(__file__).parent)
    print(len(experts), "experts of", len(experts[0]) - 1, "epochs,", sum(p.numel() for p in experts[0][0]), "parameters")
    if len(sys.argv) > 1:
        torch.save(experts, sys.argv[1])
`;
}
