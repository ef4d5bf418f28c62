"""Networks that weigh or move their own features: SE and CBAM gates, a spatial transformer."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from goldens.torch_nets.convolutional import conv_bn


class SqueezeExcite(nn.Module):
    """Hu et al. 2018, with the hard sigmoid of Howard et al. 2019."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, channels // 4, 1), nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * F.hardsigmoid(self.up(torch.relu(self.down(F.adaptive_avg_pool2d(x, 1)))))


class GatedBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        wide = 2 * inputs
        self.expand, self.depthwise = conv_bn(inputs, wide, 1), conv_bn(wide, wide, 3, stride, wide)
        self.gate, self.project = SqueezeExcite(wide), conv_bn(wide, outputs, 1)
        self.keeps = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = F.hardswish(self.depthwise(F.hardswish(self.expand(x))))
        y = self.project(self.gate(y))
        return x + y if self.keeps else y


class Gated(nn.Module):
    """Howard et al. 2019: SE gates and hard swish."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_bn(3, 8, 3, 2)
        self.blocks = nn.Sequential(GatedBlock(8, 8, 1), GatedBlock(8, 12, 2))
        self.wide, self.head = nn.Linear(12, 16), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(F.hardswish(self.stem(x)))
        return self.head(F.hardswish(self.wide(x.mean((2, 3)))))


class ChannelThenSpatial(nn.Module):
    """Woo et al. 2018: one perceptron for the average and the largest of each channel, then one kernel over the average
    and the largest of each pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(channels, channels // 2), nn.ReLU(), nn.Linear(channels // 2, channels))
        self.spatial = nn.Conv2d(2, 1, 5, 1, 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        average, largest = x.mean((2, 3)), F.adaptive_max_pool2d(x, 1).flatten(1)
        x = x * torch.sigmoid(self.mlp(average) + self.mlp(largest))[:, :, None, None]
        pixels = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.spatial(pixels))


class CbamBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first, self.second = conv_bn(inputs, outputs, 3, stride), conv_bn(outputs, outputs, 3)
        self.gate, self.shortcut = ChannelThenSpatial(outputs), conv_bn(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.shortcut(x) + self.gate(self.second(torch.relu(self.first(x)))))


class Cbam(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(CbamBlock(3, 8, 1), CbamBlock(8, 12, 2))
        self.head = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(x).mean((2, 3)))


class SpatialTransformer(nn.Module):
    """Jaderberg et al. 2015: the picture is sampled where an affine map of its own says, so its gradient flows through
    the samples and through where they were taken."""

    def __init__(self) -> None:
        super().__init__()
        self.locate = nn.Sequential(nn.Conv2d(3, 6, 5, 2, 2), nn.Tanh(), nn.AvgPool2d(2))
        self.affine = nn.Linear(6 * 4 * 4, 6)
        self.register_buffer("identity", torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]))
        self.conv, self.head = conv_bn(3, 8, 3, 2), nn.Linear(8 * 8 * 8, 10)

    def forward(self, x: Tensor) -> Tensor:
        theta = self.identity + 0.3 * torch.tanh(self.affine(self.locate(x).flatten(1)))
        grid = F.affine_grid(theta.reshape(-1, 2, 3), list(x.shape), align_corners=False)
        x = F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        return self.head(torch.relu(self.conv(x)).flatten(1))
