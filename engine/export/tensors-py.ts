/** The part of every exported script that reads a safetensors file; the script imports json, pathlib, struct and torch. */
export const READ_TENSORS_PY = `TYPES = {"F32": torch.float32, "F64": torch.float64, "F16": torch.float16, "BF16": torch.bfloat16,
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
`;
