"""JPEG files to training crops: vit-bench and the ways of Python, taking turns on one core. Run by scripts/bench/loader.

Every way turns the same bytes in memory into a flipped random-resized crop of uint8 (bilinear, antialiased), and is timed by the
CPU time of its thread. In every round each has all the images once; ratios are medians over rounds, so a machine that others
use, too, slows both sides alike. Prints a table and, with --json, a line per way.
"""
import argparse
import io
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import PIL
import PIL.Image
import torch
import torchvision
from torchvision.io import ImageReadMode, decode_jpeg
from torchvision.transforms import v2

OURS = {"crop": "ours: part decoded, resized into the batch", "whole": "ours, all of it decoded",
        "area": "FFCV's way in C++: all decoded, fast DCT, area", "decode": "libjpeg-turbo, decoding only"}


def python_ways(size):
    pil = torchvision.transforms.Compose([torchvision.transforms.RandomResizedCrop(size),
                                          torchvision.transforms.RandomHorizontalFlip(),
                                          torchvision.transforms.PILToTensor()])
    tensor = v2.Compose([v2.RandomResizedCrop(size, antialias=True), v2.RandomHorizontalFlip()])

    def through_pil(data):
        return pil(PIL.Image.open(io.BytesIO(data)).convert("RGB"))

    def through_torchvision(data):
        return tensor(decode_jpeg(torch.frombuffer(bytearray(data), dtype=torch.uint8), ImageReadMode.RGB))

    return {"PIL + torchvision": through_pil, "torchvision decode_jpeg + v2 on uint8": through_torchvision}


def run_python(way, blobs, seed):
    torch.manual_seed(seed)
    start = time.thread_time()
    for blob in blobs:
        way(blob)
    return len(blobs) / (time.thread_time() - start)


def run_ours(args, data, number, threads=0):
    command = [args.bench, "loader", "--data", data, "--size", str(args.size), "--images", str(args.images)]
    for assignment in args.set:
        command += ["--set", assignment]
    if not threads:  # the chosen files have no second split to validate on
        command += ["--set", "data.train=train", "--set", "data.val=train"]
    if threads:
        command += ["--rounds", "0", "--seconds", str(args.seconds), "--threads", str(threads)]
    else:
        command += ["--rounds", "1", "--first-round", str(number), "--seconds", "0"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="folder of images as --data of the other programs")
    parser.add_argument("--bench", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement of the loader's threads")
    parser.add_argument("--core", type=int, default=0, help="the core everything but the thread comparison runs on")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="handed to vit-bench")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    cores = os.sched_getaffinity(0)
    torch.set_num_threads(1)

    files = sorted(p for p in pathlib.Path(args.data).rglob("*") if p.suffix.lower() in (".jpg", ".jpeg"))
    if not files:
        sys.exit(f"error: no JPEG below '{args.data}'")
    files = files[::max(1, len(files) // args.images)][:args.images]
    blobs = [p.read_bytes() for p in files]
    chosen = tempfile.TemporaryDirectory()  # the same files for both sides
    os.makedirs(chosen.name + "/train/all")
    for i, file in enumerate(files):
        os.symlink(file.resolve(), f"{chosen.name}/train/all/{i:06d}.jpg")
    ways = python_ways(args.size)
    os.sched_setaffinity(0, {args.core})
    rates, stages = {}, []
    for number in range(args.rounds + 1):  # the first one warms up
        lines = [(OURS[line["way"]], line["images_per_second"], line) for line in run_ours(args, chosen.name, number)]
        lines += [(name, run_python(way, blobs, number), {}) for name, way in ways.items()]
        for name, rate, line in lines if number else []:
            rates.setdefault(name, []).append(rate)
            if "decode_ms" in line:
                stages.append((line["decode_ms"], line["resize_ms"]))

    ours = rates[OURS["crop"]]
    print(f"{len(blobs)} images, {args.rounds} rounds, one core, thread CPU time; load {os.getloadavg()[0]:.1f}; torch "
          f"{torch.__version__}, torchvision {torchvision.__version__}, Pillow {PIL.__version__}")
    print(f"{'way':<50} {'images/s/core':>13} {'spread':>7}  {'ours is':>7}")
    for name, values in rates.items():
        quarter, median, three = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
        ratio = statistics.median(a / b for a, b in zip(ours, values))
        print(f"{name:<50} {median:13.0f} {three - quarter:7.0f}  {ratio:6.2f}x")
        if args.json:
            print(json.dumps({"way": name, "images_per_second": median, "spread": three - quarter, "ratio": ratio}))
    if stages:
        decode, resize = (statistics.median(column) for column in zip(*stages))
        print(f"ours: {decode:.3f} ms decoding, {resize:.3f} ms resizing an image")

    os.sched_setaffinity(0, cores)
    if len(cores) < 2:
        return
    pairs = [(run_ours(args, args.data, 0, 1)[0], run_ours(args, args.data, 0, 2)[0]) for _ in range(max(3, args.rounds // 2))]
    for key, what in (("images_per_second", "wall time"), ("images_per_core_second", "CPU time of all threads")):
        one, two = (statistics.median(pair[i][key] for pair in pairs) for i in (0, 1))
        ratio = statistics.median(pair[1][key] / pair[0][key] for pair in pairs)
        print(f"through the loader, images per second of {what}: 1 thread {one:.0f}, 2 threads {two:.0f}, {ratio:.2f}x")


if __name__ == "__main__":
    main()
