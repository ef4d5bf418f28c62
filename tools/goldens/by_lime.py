"""LIME by lime's own image explainer, on our masks.

The call is the one that everybody copies, with top_labels=5, hide_color=0 and the default superpixels:
only its source of random bits is ours, and the superpixels are computed once and stored.
"""

from __future__ import annotations

import numpy as np
import torch
from lime.lime_image import LimeImageExplainer
from random_stream import masks
from skimage.segmentation import quickshift

from goldens.cases import Case
from goldens.onnx_torch import OnnxModule

SEED = 0


class OurBits(np.random.RandomState):
    """Gives our masks where lime draws its own."""

    def __init__(self, seed: int, features: int) -> None:
        super().__init__(0)
        self.ours = (seed, features)

    def randint(self, low: int, high: int | None = None, size: int | None = None, dtype: type = int) -> np.ndarray:
        seed, features = self.ours
        if (low, high) != (0, 2) or size is None or size % features:
            raise AssertionError(f"lime asked for randint({low}, {high}, {size}), which are no masks")
        return masks(seed, size // features, features).reshape(-1)


def superpixels(picture: np.ndarray) -> np.ndarray:
    return quickshift(picture, kernel_size=4, max_dist=200, ratio=0.2, rng=42)


class Normaliser:
    """Pictures in 0..255 as the model's tensor: per-channel slope and offset, found from the case itself."""

    def __init__(self, case: Case) -> None:
        tensor = case.tensor[0].astype(np.float64)
        for order in (slice(None), slice(None, None, -1)):
            planes = case.picture[..., order].transpose(2, 0, 1).astype(np.float64)
            fits = [np.polyfit(plane.ravel(), out.ravel(), 1) for plane, out in zip(planes, tensor, strict=True)]
            self.slope, self.offset = np.array(fits).T[:, :, None, None]
            self.order = order
            if np.abs(planes * self.slope + self.offset - tensor).max() < 1e-5:
                return
        raise AssertionError(f"{case.name}: its tensor is no affine function of its picture")

    def __call__(self, pictures: np.ndarray) -> torch.Tensor:
        planes = pictures[..., self.order].transpose(0, 3, 1, 2).astype(np.float64)
        return torch.from_numpy((planes * self.slope + self.offset).astype(np.float32))


def by_lime(case: Case, module: OnnxModule, num_samples: int, segments: np.ndarray) -> dict:
    count = int(segments.max()) + 1
    normalise = Normaliser(case)

    def predict(pictures: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return torch.softmax(module(normalise(np.asarray(pictures))), dim=1).double().numpy()

    explainer = LimeImageExplainer(random_state=OurBits(SEED, count))
    surrogates = []
    fit = explainer.base.explain_instance_with_data

    def remembered(*args, **kwargs) -> tuple:
        """lime keeps the score of its last label alone."""
        surrogates.append(fit(*args, **kwargs))
        return surrogates[-1]

    explainer.base.explain_instance_with_data = remembered
    made = explainer.explain_instance(case.picture, predict, top_labels=5, hide_color=0, num_samples=num_samples,
                                      segmentation_fn=lambda picture: segments, random_seed=0)  # fmt: skip
    labels = [int(label) for label in made.top_labels]
    by_label = dict(zip(reversed(labels), surrogates, strict=True))
    coefficients = np.zeros((len(labels), count))
    for row, label in enumerate(labels):
        for feature, weight in by_label[label][1]:
            coefficients[row, feature] = weight
    print(f"    lime: {count} superpixels, labels {labels}, R2 {by_label[labels[0]][2]:.3f}", flush=True)
    return {
        "num_samples": num_samples,
        "seed": SEED,
        "labels": labels,
        "probabilities": [float(p) for p in predict(case.picture[None])[0][labels]],
        "intercepts": [float(by_label[label][0]) for label in labels],
        "r2": [float(by_label[label][2]) for label in labels],
        "local_predictions": [float(np.ravel(by_label[label][3])[0]) for label in labels],
        "segments": segments,
        "coefficients": coefficients,
    }
