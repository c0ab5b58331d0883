"""Files written by vit, read by timm and transformers, and the other way round: equal tensors, equal logits.

usage: check.py FOLDER_OF_THE_PROGRAMS

Needs an environment with timm, transformers, safetensors and Pillow; exits with 77 where that is missing. Weights are
random: what is compared is what the programs make of the same numbers.
"""
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    import safetensors.torch
    import timm
    import torch
    import transformers
    from PIL import Image
except ImportError as problem:
    print(f"skipped: this Python has no {problem.name}; README.md beside this file says how to make one that has")
    sys.exit(77)

transformers.utils.logging.disable_progress_bar()

CLASSES, IMAGES = 11, 3
LOGITS_TOLERANCE = 1e-4

# timm's name, and what ours is called when the file does not say.
MODELS = {
    "vit_tiny_patch16_224": "vit_ti16",
    "vit_small_patch32_224": "vit_s32",
    "deit_tiny_distilled_patch16_224": "deit_ti16_distilled",
    "deit3_small_patch16_224": "deit3_s16",
    "vit_tiny_r_s16_p8_224": "vit_r_ti16",
    "resnetv2_50x1_bit": "bit_r50x1",
}
IN_NPZ = ["vit_tiny_patch16_224", "vit_small_patch32_224", "vit_tiny_r_s16_p8_224", "resnetv2_50x1_bit"]
IN_TRANSFORMERS = ["vit_tiny_patch16_224", "vit_small_patch32_224"]


class Programs:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def __call__(self, name, *arguments):
        command = [str(self.folder / name), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"failed: {' '.join(command)}\n{done.stdout}{done.stderr}")


def randomised(name):
    """timm's model with every parameter random, norms and biases included."""
    model = timm.create_model(name, num_classes=CLASSES).eval()
    generator = torch.Generator().manual_seed(hash_of(name))
    with torch.no_grad():
        for key, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=generator)
            if value.dim() > 1:
                value.copy_(noise / (value[0].numel() ** 0.5))
            else:
                value.copy_(0.1 * noise + (1.0 if key.endswith(("weight", "gamma")) else 0.0))
    return model


def hash_of(text):
    return sum((i + 1) * byte for i, byte in enumerate(text.encode())) % 2**31


def write_images(folder, size):
    """PNGs of the model's size, with labels.csv, and the same pixels as a batch in [0, 1]."""
    folder.mkdir()
    pixels = numpy.random.default_rng(5).integers(0, 256, (IMAGES, size, size, 3), dtype=numpy.uint8)
    lines = ["file,label"]
    for i, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{i}.png")
        lines.append(f"{i}.png,{i}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


def our_logits(vit, weights, model, images, out):
    vit("vit-eval", "--weights", weights, "--model", model, "--data", images, "--labels", images / "labels.csv",
        "--set", "input.resize=none", "--set", "device=cpu", "--logits", out)
    return safetensors.torch.load_file(out)["logits"]


def difference(a, b):
    return (a - b).abs().max().item()


def expect_equal(ours, theirs, what):
    assert list(sorted(ours)) == list(sorted(theirs)), f"{what}: other names"
    for name in theirs:
        assert torch.equal(ours[name], theirs[name]), f"{what}: {name} differs by {difference(ours[name], theirs[name])}"


def check(vit, name, folder):
    model = randomised(name)
    state = {key: value.clone() for key, value in model.state_dict().items()}
    source = folder / "timm.safetensors"
    safetensors.torch.save_file(state, source)

    size = model.default_cfg["input_size"][1]
    batch = write_images(folder / "images", size)
    mean, std = (torch.tensor(model.default_cfg[key]).view(3, 1, 1) for key in ("mean", "std"))
    with torch.no_grad():
        expected = model((batch - mean) / std)
    got = our_logits(vit, source, MODELS[name], folder / "images", folder / "logits.safetensors")
    worst = difference(got, expected) / max(1.0, expected.abs().max().item())
    assert worst <= LOGITS_TOLERANCE, f"{name}: logits differ by {worst}"
    notes = [f"logits {worst:.1e}"]

    again = folder / "again.safetensors"
    vit("vit-convert", source, again, "--model", MODELS[name])
    expect_equal(safetensors.torch.load_file(again), state, f"{name}, safetensors to safetensors")
    model.load_state_dict(safetensors.torch.load_file(again), strict=True)

    if name in IN_NPZ:
        archive = folder / "model.npz"
        vit("vit-convert", source, archive, "--model", MODELS[name])
        other = timm.create_model(name, num_classes=CLASSES)
        other.load_pretrained(str(archive))
        expect_equal(other.state_dict(), state, f"{name}, our .npz in timm")
        vit("vit-convert", archive, again, "--model", MODELS[name])
        expect_equal(safetensors.torch.load_file(again), state, f"{name}, .npz and back")
        notes.append(".npz equal in timm")

    if name in IN_TRANSFORMERS:
        there = folder / "transformers"
        vit("vit-convert", source, there, "--model", MODELS[name])
        theirs = transformers.ViTForImageClassification.from_pretrained(there).eval()
        with torch.no_grad():
            worst = difference(theirs((batch - mean) / std).logits, expected)
        assert worst <= LOGITS_TOLERANCE, f"{name}: transformers' logits differ by {worst}"
        theirs.save_pretrained(folder / "saved")
        vit("vit-convert", folder / "saved", again, "--model", MODELS[name])
        expect_equal(safetensors.torch.load_file(again), state, f"{name}, from transformers")
        notes.append(f"transformers {worst:.1e}, and back equal")

    checkpoint = folder / "state.pth"
    torch.save({"model": state, "epoch": 3}, checkpoint)
    vit("vit-convert", checkpoint, again, "--model", MODELS[name])
    expect_equal(safetensors.torch.load_file(again), state, f"{name}, from .pth")
    print(f"{name:34} {', '.join(notes)}", flush=True)


def main():
    vit = Programs(sys.argv[1])
    torch.set_num_threads(1)
    print(f"timm {timm.__version__}, transformers {transformers.__version__}, torch {torch.__version__}")
    for name in MODELS:
        with tempfile.TemporaryDirectory() as folder:
            check(vit, name, pathlib.Path(folder))


main()
