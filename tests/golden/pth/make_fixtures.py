#!/usr/bin/env python3
"""Writes the files beside it with PyTorch (made with 2.11.0). Run it from this folder."""
import collections
import zipfile

import torch


def ramp(shape, dtype, start=0):
    count = 1
    for extent in shape:
        count *= extent
    return torch.arange(start, start + count).reshape(shape).to(dtype)


TYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
         torch.int8, torch.uint8, torch.uint16, torch.uint32, torch.uint64, torch.complex64]

everything = {str(dtype).removeprefix("torch."): ramp((3, 4), dtype) for dtype in TYPES}
everything["bool"] = ramp((3, 4), torch.int64) % 3 == 0
everything["scalar"] = torch.tensor(2.5)
everything["empty"] = torch.empty(0, 7)
everything["transposed"] = ramp((3, 4), torch.float32).t()
shared = ramp((6, 4), torch.float32)
everything["shared/rows"] = shared[2:5]
everything["shared/column"] = shared[:, 1]
everything["parameter"] = torch.nn.Parameter(ramp((2, 2), torch.float32))
everything["note"] = "no tensor"
torch.save(everything, "everything.pth")
torch.save(everything, "protocol_5.pth", pickle_protocol=5)

module = torch.nn.Sequential(collections.OrderedDict(fc=torch.nn.Linear(3, 2), norm=torch.nn.BatchNorm1d(2)))
with torch.no_grad():
    module.fc.weight.copy_(ramp((2, 3), torch.float32))
    module.fc.bias.copy_(ramp((2,), torch.float32, 10))
torch.save(module.state_dict(), "module.pth")

optimizer = torch.optim.Adam(module.parameters())
module(torch.ones(4, 3)).sum().backward()
before = {name: value.clone() for name, value in module.state_dict().items()}
optimizer.step()
training = {"model": collections.OrderedDict(before), "optimizer": optimizer.state_dict(), "epoch": 3, "lr": 1e-3,
            "seed": 2**63 + 1, "shape": torch.Size([1, 2]), "dtype": torch.float16, "done": False, "best": None,
            "model_ema": {"fc.weight": torch.zeros(2, 3)}}
torch.save(training, "training.pth")
torch.save({"state_dict": {"module.fc.bias": ramp((2,), torch.float32)}, "epoch": 1}, "state_dict_key.pth")
torch.save(module, "whole_module.pth")
torch.save({"fc.bias": ramp((2,), torch.float32)}, "legacy.pth", _use_new_zipfile_serialization=False)
torch.jit.script(torch.nn.Linear(2, 2)).save("script.pt")

with zipfile.ZipFile("script.pt") as archive:  # without the places of its source on the disk
    kept = {name: archive.read(name) for name in archive.namelist() if not name.endswith("debug_pkl")}
with zipfile.ZipFile("script.pt", "w") as archive:
    for name, content in kept.items():
        archive.writestr(zipfile.ZipInfo(name), content)
