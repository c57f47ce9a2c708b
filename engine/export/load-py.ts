/** Reads an exported set into PyTorch with nothing but PyTorch; goes beside the file that it reads. */
import { READ_TENSORS_PY } from './tensors-py.ts';

export const LOAD_PY = `"""Loads the set beside this file: images, labels, facts = load(".")"""
import json
import pathlib
import struct

import torch

${READ_TENSORS_PY}

def load(folder="."):
    """Normalised or whitened float32 images [n, C, H, W], int64 labels [n], and what dataset.json says (mean, std, classes ...)."""
    folder = pathlib.Path(folder)
    facts = json.loads((folder / "dataset.json").read_text())
    found = tensors(folder / "data.safetensors")
    return found["images"], found["labels"].long(), {**facts, "tensors": found}


if __name__ == "__main__":
    images, labels, facts = load(pathlib.Path(__file__).parent)
    print(facts["node"], tuple(images.shape), images.dtype, "labels", labels.bincount().tolist())
`;
