"""Convolutional classifiers, one structure each, as small as it allows."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812  (everybody's name for it)
from torch import Tensor, nn


def conv_bn(
    inputs: int, outputs: int, kernel: int | tuple[int, int], stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Odd kernels, the picture's size kept but for the stride."""
    sides = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = (sides[0] // 2, sides[1] // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, sides, stride, padding, groups=groups, bias=False), nn.BatchNorm2d(outputs)
    )


class ResidualBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = conv_bn(inputs, outputs, 3, stride)
        self.second = conv_bn(outputs, outputs, 3)
        changes = stride != 1 or inputs != outputs
        self.shortcut = conv_bn(inputs, outputs, 1, stride) if changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.shortcut(x) + self.second(torch.relu(self.first(x))))


class Residual(nn.Module):
    """He et al. 2016: stem with a max-pool, two basic blocks, one of them with a strided shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_bn(3, 8, 3)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.blocks = nn.Sequential(ResidualBlock(8, 8, 1), ResidualBlock(8, 16, 2))
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(self.pool(torch.relu(self.stem(x))))
        return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


class SameConv(nn.Module):
    """TensorFlow's SAME: what is missing is padded at the far end, so that even sides at stride 2 get (0, 1)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, groups: int) -> None:
        super().__init__()
        self.far = kernel - stride
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        near = self.far // 2
        return self.norm(self.conv(F.pad(x, (near, self.far - near, near, self.far - near))))


class InvertedResidual(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = 3 * inputs
        self.expand = conv_bn(inputs, wide, 1)
        self.depthwise = SameConv(wide, wide, kernel, stride, wide)
        self.project = conv_bn(wide, outputs, 1)
        self.keeps = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(F.relu6(self.depthwise(F.relu6(self.expand(x)))))
        return x + y if self.keeps else y


class Depthwise(nn.Module):
    """Sandler et al. 2018 with the pads of TensorFlow's SAME."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(3, 8, 3, 2, 1)
        self.blocks = nn.Sequential(
            InvertedResidual(8, 8, 3, 1), InvertedResidual(8, 12, 5, 2), InvertedResidual(12, 12, 3, 1)
        )
        self.head = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(F.relu6(self.stem(x))).mean((2, 3)))


class Mixed(nn.Module):
    """Four branches: 1x1, 1x5 then 5x1, and two pools. The second reads what a strided max-pool wrote: neighbours there
    are often one and the same pixel, which would tie in another max-pool, so it averages."""

    def __init__(self, inputs: int, each: int, first: bool) -> None:
        super().__init__()
        self.point = conv_bn(inputs, each, 1)
        self.reduce, self.row, self.column = (
            conv_bn(inputs, each, 1),
            conv_bn(each, each, (1, 5)),
            conv_bn(each, each, (5, 1)),
        )
        self.average = nn.AvgPool2d(3, 1, 1, count_include_pad=first)
        self.averaged = conv_bn(inputs, each, 1)
        self.pool = nn.MaxPool2d(3, 1, 1) if first else nn.AvgPool2d((1, 5), 1, (0, 2), count_include_pad=False)
        self.pooled = conv_bn(inputs, each, 1)

    def forward(self, x: Tensor) -> Tensor:
        cross = self.column(torch.relu(self.row(torch.relu(self.reduce(x)))))
        parts = [self.point(x), cross, self.averaged(self.average(x)), self.pooled(self.pool(x))]
        return torch.relu(torch.cat(parts, 1))


class Reduction(nn.Module):
    """Halves the sides: a strided convolution beside max and average pools, sides rounded up."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = conv_bn(inputs, outputs, 3, 2)
        self.largest = nn.MaxPool2d(3, 2, 1)
        self.average = nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([torch.relu(self.conv(x)), self.largest(x), self.average(x)], 1)


class Inception(nn.Module):
    """Szegedy et al. 2016."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_bn(3, 8, 3, 2)
        self.first, self.reduction, self.second = Mixed(8, 4, True), Reduction(16, 8), Mixed(40, 4, False)
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.second(self.reduction(self.first(torch.relu(self.stem(x)))))
        return self.head(x.mean((2, 3)))


class DenseLayer(nn.Module):
    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(inputs), nn.Conv2d(inputs, 2 * growth, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(2 * growth), nn.Conv2d(2 * growth, growth, 3, 1, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(torch.relu(self.norm1(x)))
        return torch.cat([x, self.conv2(torch.relu(self.norm2(y)))], 1)


class DenseNet(nn.Module):
    """Huang et al. 2017: normalisation before the convolutions, so none of it folds into one; a transition between two
    blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 1, 1, bias=False)
        self.first = nn.Sequential(*(DenseLayer(8 + 6 * at, 6) for at in range(3)))
        self.norm, self.transition, self.pool = nn.BatchNorm2d(26), nn.Conv2d(26, 12, 1, bias=False), nn.AvgPool2d(2)
        self.second = nn.Sequential(*(DenseLayer(12 + 6 * at, 6) for at in range(2)))
        self.last = nn.BatchNorm2d(24)
        self.head = nn.Linear(24, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.transition(torch.relu(self.norm(self.first(self.stem(x))))))
        return self.head(F.adaptive_avg_pool2d(torch.relu(self.last(self.second(x))), 1).flatten(1))


class ChannelsLastNorm(nn.Module):
    """Layer normalisation over the channels of each pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNextBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 7, 1, 3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.wide, self.narrow = nn.Linear(channels, 3 * channels), nn.Linear(3 * channels, channels)
        self.layer_scale = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.layer_scale * self.narrow(F.gelu(self.wide(y)))
        return x + y.permute(0, 3, 1, 2)


class ConvNext(nn.Module):
    """Liu et al. 2022."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 12, 2, 2), ChannelsLastNorm(12))
        self.first = ConvNextBlock(12)
        self.down = nn.Sequential(ChannelsLastNorm(12), nn.Conv2d(12, 16, 2, 2))
        self.second = ConvNextBlock(16)
        self.norm, self.head = nn.LayerNorm(16, eps=1e-6), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.second(self.down(self.first(self.stem(x))))
        return self.head(self.norm(x.mean((2, 3))))


class Norms(nn.Module):
    """Group and instance normalisation, whose statistics are the picture's own; leaky, parametric and smooth units."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.group = nn.Conv2d(3, 8, 3, 1, 1), nn.GroupNorm(2, 8)
        self.conv2, self.instance = nn.Conv2d(8, 8, 3, 2, 1), nn.InstanceNorm2d(8, affine=True)
        self.slope = nn.PReLU(8)
        self.conv3, self.plain = nn.Conv2d(8, 12, 3, 1, 1), nn.InstanceNorm2d(12)
        self.conv4, self.whole = nn.Conv2d(12, 12, 3, 2, 1), nn.GroupNorm(1, 12)
        self.head = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.silu(self.group(self.conv1(x)))
        x = self.slope(self.instance(self.conv2(x)))
        x = F.leaky_relu(self.plain(self.conv3(x)), 0.1)
        x = F.silu(self.whole(self.conv4(x)))
        return self.head(x.mean((2, 3)))
