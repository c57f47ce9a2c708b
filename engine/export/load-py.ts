/** Reads an exported set into PyTorch with nothing but PyTorch; goes beside the file that it reads. */
export const LOAD_PY = `"""Loads the set beside this file: images, labels, facts = load(".")"""
import json
import pathlib
import struct

import torch

TYPES = {"F32": torch.float32, "F64": torch.float64, "F16": torch.float16, "BF16": torch.bfloat16,
         "I64": torch.int64, "I32": torch.int32, "U8": torch.uint8}


def tensors(path):
    """The same as safetensors.torch.load_file, which also reads this file."""
    blob = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack("<Q", blob[:8])
    header = json.loads(blob[8:8 + size])
    header.pop("__metadata__", None)
    return {
        name: torch.frombuffer(bytearray(blob[8 + size + at[0]:8 + size + at[1]]), dtype=TYPES[kind]).reshape(shape)
        for name, (kind, shape, at) in ((n, (t["dtype"], t["shape"], t["data_offsets"])) for n, t in header.items())
    }


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
