#!/usr/bin/env python3
"""One Grad-CAM from a cold process: our command line against the shortest scripts that do the same with PyTorch."""

from benching.race import ASSETS, CLI, Race, assert_equal, environment, restart_without_slowing, timed

restart_without_slowing()

import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from goldens.cases import cropped
from PIL import Image

MODEL, PICTURE = "efficientnet_lite0.onnx", "chelsea.png"  # both are handed the picture as the model takes it
# torchvision, of which pytorch-grad-cam takes four names that are not needed here, is left out: it has no build for
# PyTorch's CPU wheel, and importing it could only make the script slower.
WITH_GRAD_CAM = """
import sys
from pathlib import Path
from unittest.mock import MagicMock
for absent in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional"):
    sys.modules[absent] = MagicMock()
import numpy, torch
from pytorch_grad_cam import GradCAM
from goldens.onnx_torch import OnnxModule
model = OnnxModule(Path(sys.argv[1]), dtype=torch.float32)
x = torch.from_numpy(numpy.load(sys.argv[2])).requires_grad_()
with GradCAM(model=model, target_layers=[model.layer("head/relu6")]) as cam:
    numpy.save(sys.argv[3], cam(x, None))
"""
WITH_CAPTUM = """
import sys
from pathlib import Path
import numpy, torch
from captum.attr import LayerGradCam
from goldens.onnx_torch import OnnxModule
model = OnnxModule(Path(sys.argv[1]), dtype=torch.float32)
x = torch.from_numpy(numpy.load(sys.argv[2]))
target = int(model(x).argmax())
cam = LayerGradCam(model, model.layer("head/relu6")).attribute(x, target, relu_attributions=True)
numpy.save(sys.argv[3], cam.detach().numpy())
"""


def enlarged(cam: np.ndarray) -> np.ndarray:
    """As pytorch-grad-cam answers: the smallest value to 0, the largest to 1, before and after it is enlarged."""
    for step in (lambda map: cv2.resize(map.reshape(map.shape[-2:]), (224, 224)), lambda map: map):
        cam = cam - cam.min()
        cam = step(cam / (1e-7 + cam.max()))
    return cam


def main() -> None:
    race = Race("cold_start", rounds=5)
    picture = cropped(Image.open(ASSETS / PICTURE).convert("RGB"), Image.Resampling.BICUBIC)
    with tempfile.TemporaryDirectory() as folder:
        tensor, answer, out = (Path(folder) / name for name in ("x.npy", "cam.npy", "out"))
        np.save(tensor, ((picture.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None])
        scripts = {
            name: [sys.executable, "-c", text, str(ASSETS / MODEL), str(tensor), str(answer)]
            for name, text in (("pytorch-grad-cam", WITH_GRAD_CAM), ("captum", WITH_CAPTUM))
        }
        ours = [str(CLI), "explain", str(ASSETS / MODEL), str(tensor), "--method", "grad-cam", "--quiet"]
        ours += ["--output", str(out)]

        def once(command: list[str]) -> float:
            return timed(lambda: subprocess.run(command, check=True, capture_output=True, env=environment()))

        once(ours)
        found = np.load(next(out.rglob("attribution.npy")))
        for name, made in (("pytorch-grad-cam", enlarged(found)), ("captum", found)):
            once(scripts[name])
            off = assert_equal(f"grad-cam by {name}", made, np.load(answer), 1e-3)
            peer = {name: lambda name=name: once(scripts[name])}
            race.run("grad-cam of a photograph, cold", lambda: once(ours), peer, off)
    race.save()


if __name__ == "__main__":
    main()
