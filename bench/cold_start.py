#!/usr/bin/env python3
"""One Grad-CAM from a cold process: our command line against the shortest script that does the same with PyTorch."""

from benching.race import ASSETS, CLI, Race, assert_equal, environment, restart_without_slowing, timed

restart_without_slowing()

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from goldens.cases import cropped
from PIL import Image

MODEL, PICTURE = "efficientnet_lite0.onnx", "chelsea.png"  # both are handed the picture as the model takes it
SCRIPT = """
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


def main() -> None:
    race = Race("cold_start", rounds=5)
    picture = cropped(Image.open(ASSETS / PICTURE).convert("RGB"), Image.Resampling.BICUBIC)
    with tempfile.TemporaryDirectory() as folder:
        tensor, answer, out = (Path(folder) / name for name in ("x.npy", "cam.npy", "out"))
        np.save(tensor, ((picture.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None])
        script = [sys.executable, "-c", SCRIPT, str(ASSETS / MODEL), str(tensor), str(answer)]
        ours = [str(CLI), "explain", str(ASSETS / MODEL), str(tensor), "--method", "grad-cam", "--quiet"]
        ours += ["--output", str(out)]

        def once(command: list[str]) -> float:
            return timed(lambda: subprocess.run(command, check=True, capture_output=True, env=environment()))

        once(script)
        once(ours)
        off = assert_equal("grad-cam", np.load(next(out.rglob("attribution.npy"))), np.load(answer), 1e-3)
        race.run("grad-cam of a photograph, cold", lambda: once(ours), {"captum": lambda: once(script)}, off)
    race.save()


if __name__ == "__main__":
    main()
